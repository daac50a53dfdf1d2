# Stations, sinks and API on ordinary processors. Built from the repository's root:
#   docker build -f deploy/images/cpu.Dockerfile -t framelog:cpu .
FROM node:24-bookworm-slim AS page
WORKDIR /page
COPY api/page/package.json api/page/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY api/page/ ./
RUN npm run build

FROM python:3.12-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PATH=/opt/framelog/venv/bin:$PATH
WORKDIR /opt/framelog/app
COPY deploy/locks/ deploy/locks/
RUN python -m venv /opt/framelog/venv \
 && pip install --require-hashes -r deploy/locks/uv.lock \
 && uv pip install --no-cache --require-hashes --no-deps -r deploy/locks/default.lock -r deploy/locks/build.lock
COPY pyproject.toml README.md ./
COPY schemas/ schemas/
COPY topics/ topics/
COPY processors/ processors/
COPY connectors/ connectors/
COPY api/ api/
COPY deploy/ deploy/
COPY --from=page /page/dist/ api/page/dist/
RUN uv pip install --no-cache --no-deps --no-build-isolation -e . \
 && useradd --system --uid 10001 --create-home framelog && mkdir -p /data && chown framelog /data
USER 10001
ENV FRAMELOG_DATA=/data FRAMELOG_PROFILE=cpu FRAMELOG_HOST=0.0.0.0
VOLUME /data
ENTRYPOINT ["framelog"]
CMD ["--help"]
