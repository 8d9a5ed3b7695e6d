/** What `sallyport init` writes. Every key of the configuration stands in it, commented out where the default is shown. */
export const configTemplate = `# Sallyport. Check this file with: sallyport check
# Any value can also be given as an environment variable: SALLYPORT_UPSTREAM_URL is upstream.url.
# A line that begins with "# " and a key shows the default.

# Where callers connect. 0.0.0.0:8080 to be reached from other machines.
listen: 127.0.0.1:8080

# Encrypts this listener itself; leave it out behind something that does.
# tls:
#   cert_file: /etc/sallyport/cert.pem
#   key_file: /etc/sallyport/key.pem

# Admin pages, admin API, health and readiness (/healthz, /readyz); for this machine only.
admin:
  listen: 127.0.0.1:8081
  # tls:
  #   cert_file: /etc/sallyport/admin-cert.pem
  #   key_file: /etc/sallyport/admin-key.pem
  # public_url: https://gateway.example.org   # where people reach it, behind something that encrypts
  # key_file: ./sallyport.key       # seals second factors; made beside the store at the first start
  # session_lifetime: 12h
  # oidc:                           # sign-in through an identity provider
  #   issuer: https://login.example.org
  #   client_id: sallyport
  #   client_secret_file: /run/secrets/oidc
  #   # client_secret_env: OIDC_SECRET
  #   label: single sign-on

# The folder with routes, roles and rate plans (see README.md in it).
policies: ./policies

# Users and the hashes of their tokens (SQLite).
store:
  file: ./sallyport.db

# The backend.
upstream:
  url: http://127.0.0.1:9000
  # In place of url: the members of one backend.
  # urls: [http://127.0.0.1:9000, http://127.0.0.1:9001]
  # Who the gateway is to the backend: an API user that may do what all callers together may.
  # credential:
  #   user: sallyport
  #   token_env: LISTMONK_TOKEN     # the name of an environment variable that holds the token
  #   # token_file: /run/secrets/listmonk-token
  # credential: caller              # hands each caller's own credential on instead
  credential: none
  # host: lists.example.org         # sent as Host; by default the one of url
  # ca_file: /etc/sallyport/ca.pem  # who signs the backend's certificate, if no public authority does
  # insecure_skip_verify: false     # true: any certificate will do. Only to try things out.
  # connections: 64
  # timeouts:
  #   connect: 2s
  #   headers: 30s
  #   body: 60s                     # the longest gap in a body
  #   total: 90s                    # the whole exchange
  #   idle: 120s                    # the longest silence on a WebSocket
  # in_flight: 256                  # requests under way at once; more wait in line
  # queue: { size: 256, wait: 1s }
  # retry:
  #   budget: 10                    # requests sent a second time, in percent
  #   wait: 2500ms                  # how long GETs wait for a backend that went away
  #   held: 1024                    # how many of them
  # health:
  #   # path: /health               # asked of each member again and again, if given
  #   interval: 5s
  #   timeout: 2s
  #   healthy: 2                    # answers in a row that change the verdict
  #   unhealthy: 3
  #   status: ["200-399"]
  #   breaker:
  #     connect_failures: 5
  #     failures: 50                # percent
  #     requests: 20
  #     window: 10s
  #     open: 1s

# Which policy of the folder applies, and which rate plan of limits.yaml.
policy: listmonk
plan: default

# Requests that name some lists out of reach: refuse (403 that names them) or narrow (drops them).
# Without it, the policy's own scope.partial holds.
# partial: refuse

# Success as the backend sends it (backend), or as its documents have it (documented): "status": "success", times like
# 2019-01-01T09:00:00.000000+05:30 in this zone, and 404 for what is not found.
# contract: backend
# timezone: "+00:00"

# auth:
#   unauthenticated_status: 403     # 401: with a challenge, for clients that need one
#   realm: sallyport
#   bearer: false                   # true: takes Authorization: Bearer user:token, too
#   api_key: false                  # true: takes X-API-Key: user:token, too

# Several tenants behind one gateway: each has its own users, and may say upstream, policy, partial, plan,
# contract, timezone and auth anew.
# tenants:
#   - name: north
#     hosts: [north.example.org]
#   - name: south
#     hosts: [south.example.org]
#     upstream: { url: "http://127.0.0.1:9001" }

# Proxies in front of this one, whose X-Forwarded-* and X-Request-Id are believed.
# trusted_proxies: [10.0.0.0/8]

log:
  level: info                       # silent, error, warn, info or debug

# What SIGTERM begins.
# drain:
#   delay: 0s                       # not ready, but still answering: until the balancer has noticed
#   deadline: 30s                   # then open requests are cut

# server:
#   headers_timeout: 10s
#   request_timeout: 60s
#   keep_alive_timeout: 15s
#   idle_timeout: 120s
#   max_requests_per_socket: 10000
#   max_connections: 4096
#   max_connections_per_address: 1024
#   min_body_rate: 1024
#   shed: { lag: 200ms, heap: 85, after: 1s }   # 503 to new requests while this process is at its end
`
