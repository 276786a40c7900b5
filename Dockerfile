# Baton as a plain Node server, with Debian's ffmpeg, which gets security fixes.
#
#   docker build -t baton .
#   docker run --read-only --tmpfs /tmp -p 8080:8080 -v baton:/data baton
FROM node:24-bookworm-slim

RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg \
  && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
COPY bin bin
COPY handlers handlers
COPY player player
COPY src src

# Signing keys and the store; everything else may be read-only.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node

ENV NODE_ENV=production \
    BATON_DATA=/data \
    BATON_HOST=0.0.0.0 \
    FFMPEG_PATH=/usr/bin/ffmpeg \
    PORT=8080
EXPOSE 8080

HEALTHCHECK --interval=30s --timeout=5s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# Responses under way may end: give `docker stop` more than BATON_SHUTDOWN_SECONDS (-t 15).
STOPSIGNAL SIGTERM
CMD ["node", "src/cli.ts", "serve"]
