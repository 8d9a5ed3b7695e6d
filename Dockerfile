# syntax=docker/dockerfile:1

# Everything, to build: the compiler is a platform package of its own, so optional packages stay in here.
FROM node:26.10.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build

# Only what runs: no development packages, and not the Node that npm brings for development.
FROM node:26.10.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:26.10.0-bookworm-slim
ENV NODE_ENV=production \
    SALLYPORT_CONFIG=/etc/sallyport/sallyport.yaml
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY bin ./bin
# The shipped policies: what `init` and `demo` take, and what is in force where nothing else is mounted.
COPY policies ./policies
COPY policies /etc/sallyport/policies
COPY deploy/sallyport.yaml /etc/sallyport/sallyport.yaml

# The one place that is written to; mount a volume here. The rest may be read-only.
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/sallyport
VOLUME /var/lib/sallyport
USER 10001:10001

EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "bin/sallyport.js", "healthcheck"]

# In exec form, so that the gateway is PID 1 and gets the signals itself.
ENTRYPOINT ["node", "bin/sallyport.js"]
CMD ["serve"]
