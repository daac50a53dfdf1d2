# Stations on NVIDIA GPUs. Built from the repository's root, on top of the cpu image's layers:
#   docker build -f deploy/images/gpu.Dockerfile -t framelog:gpu .
FROM nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DEBIAN_FRONTEND=noninteractive PATH=/opt/framelog/venv/bin:$PATH
# The base image's release fixes the versions.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/framelog/app
COPY deploy/locks/ deploy/locks/
RUN python3 -m venv /opt/framelog/venv \
 && pip install --no-cache-dir --require-hashes -r deploy/locks/uv.lock \
 && uv pip install --no-cache --require-hashes --no-deps -r deploy/locks/gpu.lock -r deploy/locks/build.lock
COPY pyproject.toml README.md ./
COPY schemas/ schemas/
COPY topics/ topics/
COPY processors/ processors/
COPY connectors/ connectors/
COPY api/ api/
COPY deploy/ deploy/
RUN uv pip install --no-cache --no-deps --no-build-isolation -e . \
 && useradd --system --uid 10001 --create-home framelog && mkdir -p /data && chown framelog /data
USER 10001
ENV FRAMELOG_DATA=/data FRAMELOG_PROFILE=gpu FRAMELOG_HOST=0.0.0.0
VOLUME /data
ENTRYPOINT ["framelog"]
CMD ["--help"]
