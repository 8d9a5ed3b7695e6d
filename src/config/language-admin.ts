/** The words of `admin` in `sallyport.yaml`. */
import { Type, type Static } from 'typebox'
import { defaults } from './defaults.ts'
import { closed, text } from './shape.ts'
import { file, listen, span } from './words.ts'

export const tls = (description: string) =>
  Type.Optional(
    Type.Object(
      { cert_file: file('PEM certificate chain'), key_file: file('PEM private key') },
      { description, additionalProperties: false },
    ),
  )

const oidc = closed({
  issuer: text('an https URL', {
    pattern: '^https://[^\\s?#@]+$|^http://(?:localhost|127\\.0\\.0\\.1|\\[::1\\])(?::[0-9]{1,5})?(?:/[^\\s?#@]*)?$',
    examples: ['https://login.example.org'],
    description: 'the identity provider, as its discovery document has it',
  }),
  client_id: text('a client id', { pattern: '^[!-~]{1,255}$', examples: ['sallyport'] }),
  client_secret_file: Type.Optional(file('a file that holds the client secret and nothing else')),
  client_secret_env: Type.Optional(
    text('the name of an environment variable', { pattern: '^[A-Za-z_][A-Za-z0-9_]*$', examples: ['OIDC_SECRET'] }),
  ),
  label: Type.Optional(
    text('a few words', {
      pattern: '^[^\\p{Cc}]{1,60}$',
      examples: ['single sign-on'],
      description: 'what the sign-in page calls it',
    }),
  ),
})
export type OidcWords = Static<typeof oidc>

export const admin = closed({
  listen: listen(defaults.adminListen),
  tls: tls('of the admin listener'),
  public_url: Type.Optional(
    text('an origin: http or https, a host, a port, no path and no user', {
      format: 'origin',
      examples: ['https://gateway.example.org'],
      description: 'where people reach the admin pages, where that is not `admin.listen`',
    }),
  ),
  key_file: Type.Optional(file('32 random bytes that seal second factors; made where there is none')),
  session_lifetime: span('until somebody must sign in again', defaults.sessionLifetime),
  oidc: Type.Optional(oidc),
})
export type AdminWords = Static<typeof admin>
