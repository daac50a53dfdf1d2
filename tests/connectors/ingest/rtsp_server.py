"""A camera: GStreamer's RTSP server with one clip, run by the Python that has GStreamer's bindings (Debian's).

`rtsp_server.py PORT CLIP [USER PASSWORD]` offers rtsp://127.0.0.1:PORT/cam in real time; each client gets the clip
from its start. Says `ready` once it listens; `rtsp_server.py --look` only says whether it could.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 (the versions come first)

NEEDED = ("qtdemux", "h264parse", "rtph264pay", "aacparse", "rtpmp4gpay")
PIPELINE = (
    "( filesrc location={clip} ! qtdemux name=d"
    " d.video_0 ! queue ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=-1"
    " d.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97 )"
)


def main() -> None:
    Gst.init(None)
    lacking = [name for name in NEEDED if Gst.ElementFactory.find(name) is None]
    if lacking:
        sys.exit(f"GStreamer lacks {', '.join(lacking)}: install gstreamer1.0-plugins-good and -bad")
    if sys.argv[1:] == ["--look"]:
        return
    port, clip, *who = sys.argv[1:]
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PIPELINE.format(clip=clip))
    factory.set_shared(False)
    if who:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(*who), token)
        server.set_auth(auth)
        rights = Gst.Structure.new_empty("viewer")
        rights.set_value("media.factory.access", True)
        rights.set_value("media.factory.construct", True)
        factory.add_role_from_structure(rights)
    server.get_mount_points().add_factory("/cam", factory)
    if not server.attach(None):
        sys.exit(f"port {port} is in use")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


main()
