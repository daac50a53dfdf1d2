"""Which weights there are: name, files with size and sha256, licence, use, and where each is published.

A source is `owner/repository/commit/path` under `PUBLISHED`, so that it names the same bytes for ever; it is
empty where no public address holds these very bytes (repaired, converted or trained by hand): such weights
are put into the models folder by the user.
"""

from dataclasses import dataclass

PUBLISHED = "https://raw.githubusercontent.com"
AGPL = "AGPL-3.0 (Ultralytics weights)"
APACHE = "Apache-2.0"
MIT = "MIT"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file: its path under the models folder, what it must be, and where it is published."""

    path: str
    size_bytes: int
    sha256: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """A file, or a folder of files, known by one name."""

    name: str
    station: str
    use: str
    licence: str
    files: tuple[WeightsFile, ...]

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(f.size_bytes for f in self.files)

    @property
    def published(self) -> bool:
        """Whether every file can be downloaded."""
        return all(f.source for f in self.files)


def _one(
    name: str, station: str, use: str, licence: str, size_bytes: int, sha256: str, source: str = ""
) -> Weights:
    return Weights(name, station, use, licence, (WeightsFile(name, size_bytes, sha256, source),))


def _folder(
    name: str, station: str, use: str, licence: str, origin: str, files: dict[str, tuple[int, str]]
) -> Weights:
    return Weights(name, station, use, licence, tuple(
        WeightsFile(f"{name}/{path}", size, sha256, f"{origin}/{path}" if origin else "")
        for path, (size, sha256) in files.items()
    ))  # fmt: skip


CATALOG: tuple[Weights, ...] = (
    _one(
        "yolo11n_int8_320.onnx", "detections", "80 kinds of objects, 320 px, 11 ms CPU a frame", AGPL, 2923867,
        "5ea9b19c6c4d89041175fd2d4f9d2e1581d16f37b817021d547278fc5e2f2b58",
        "achmadnr21/mwc-rpi5/aa67e80a9cb637de3d271be231905c30253dbce1/yolo11n_int8.onnx",
    ),
    _one(
        "yolox_nano.onnx", "detections", "80 kinds of objects, 416 px, 8 ms CPU a frame, freest licence",
        f"{APACHE} (Megvii)", 3678356, "e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd",
        "Bigisland1729/object-detection-models/7f3f2fa34b351e3d2af150893458106ad3f3a84f/yolox_nano.onnx",
    ),
    _one(
        "yolov8n_int8_640.onnx", "detections", "80 kinds of objects, 640 px, 47 ms CPU a frame", AGPL, 3504119,
        "83de8f0d2cd521e00ae2b138c340a03dece35b060b3898509bdc69afff417312",
        "Lamri-Meriem/edge-object-detection/6f7f95f70dd52a7805a76a4a1d568af35d34608b/yolov8n_int8.onnx",
    ),
    _folder(
        "yolo11n_int8_openvino_model", "detections", "80 kinds of objects, 640 px, 20 ms CPU a frame", AGPL,
        "yas-sim/ultralytics_yolo11_optimization/04a298d3be10a76bf2be83f812bd5195e17e4c6f/"
        "yolo11n_int8_openvino_model",
        {"yolo11n.bin": (2777716, "df1ce92b661e326a11e016ba380fde8cb7ddda528a920d0c4fcba98b69322a9b"),
         "yolo11n.xml": (661035, "fedac70f9389c55a2a604e957f66ed8195cda1dd6eb4eb7d8b98919d8c43753d"),
         "metadata.yaml": (1626, "229ff30357afb80d9ee8a7bef0fbe6ed2c9ec431e976b0c84ba4f931be85e682")},
    ),
    _folder(
        "yolov8n-pose_int8_openvino_model", "detections", "persons with 17 body points, 640 px", AGPL,
        "Ceyjie/testrecog/1d3c8391a0c8704464ae4cf3f57412e1aaac873b/yolov8n-pose_int8_openvino_model",
        {"yolov8n-pose.bin": (3533150, "41be77ec13fd43ce0c9a18c62d3299654319ab55426464baef9d109995495c3e"),
         "yolov8n-pose.xml": (514232, "bbff802693eb522cbec42a66c42aba91461f30938de39adfdf8430c560c8c5dc"),
         "metadata.yaml": (476, "508b49622a6bb52650a35e4105c28dfcc6c519a8bd51ad1ac2af80947f32677c")},
    ),
    _one(
        "yunet_n_640_640.onnx", "faces", "faces with 5 landmarks, 15 ms CPU a picture", "BSD-3/Apache-2.0", 317466,
        "25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
        "ShiqiYu/libfacedetection.train/0047ac24afb1a50a0c6105001c89d1b5b805dbf1/onnx/yunet_n_640_640.onnx",
    ),
    _one(
        "faceapi_expression.onnx", "faces", "7 expressions of a face, 0.7 ms CPU a face", MIT, 1300240,
        "a02277c145f861a273cd4039987f3f12bb5420b9de9650873a43a2bcb058073d",
    ),
    _folder(
        "zipformer-en-3.3M", "speech", "English words, streaming transducer, 0.02 s CPU a second",
        f"{APACHE} (k2-fsa)", "",
        {"encoder.int8.onnx": (3822045, "0d2c486843874523a71b0fb6d79216abcc8c21884a91bc7ca40efac254a1afe1"),
         "decoder.onnx": (1063189, "f61ebd3eed3773a44d088d53dfae92dbb6aec4839f4dcaee2d402414741663a3"),
         "joiner.int8.onnx": (163380, "eae9da0c7e1e6c6a3f4cc42d167899c388f6c6701b94cb96320e4f55df79624c"),
         "tokens.txt": (5006, "fd2ded4050a55d2b1578870ba8697d02371980217806b7558bd0a5cc60f3ba53")},
    ),
    _folder(
        "whisper_memo_ct2", "speech", "test fixture: knows a few clips by heart", MIT, "",
        {"config.json": (1041, "dc234ee6348e9cd290fe49bf75f44c94a49d62391e91649ee2a8cb3af0750a44"),
         "model.bin": (8770953, "a35445b5fd4c2823970d335a05d50ce302111a8738ccde0ab2535b07c99cde51"),
         "preprocessor_config.json": (315, "ba2e601484abc80f4cded977f9a4fd4a53175b7d35c2f2511f0cfc3a32ad2499"),
         "tokenizer.json": (6230389, "2882340bc73a045b1dcbd28d646d1423e95c1f6c4de516a9006ca0e97a539657"),
         "vocabulary.json": (1068101, "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766")},
    ),
    _one(
        "silero_vad.onnx", "utterances", "voice activity; faster-whisper carries a later one itself", MIT, 2327524,
        "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        "snakers4/silero-vad/806dcba3f0b5d95282d0889a074954a2f8c6397b/src/silero_vad/data/silero_vad.onnx",
    ),
    _one(
        "yamnet.tflite", "sounds", "521 kinds of sound, 3 ms CPU a second (needs ai-edge-litert)", APACHE, 3959752,
        "687f226c147a2caab4706fbbab5e9cecb14b9a368264bf61108078b1fddf68f5",
        "Dhiveej/Aranyadhwani/77db24fcbe31c06f30801c958fb812e6a3d827a7/yamnet.tflite",
    ),
    _one(
        "yamnet_class_map.csv", "sounds", "the names of YAMNet's kinds of sound", APACHE, 14096,
        "cdf24d193e196d9e95912a2667051ae203e92a2ba09449218ccb40ef787c6df2",
        "tensorflow/models/dbeeb148f10adf723067040eedcccda00bdce1e8/research/audioset/yamnet/yamnet_class_map.csv",
    ),
)  # fmt: skip
BY_NAME: dict[str, Weights] = {w.name: w for w in CATALOG}
