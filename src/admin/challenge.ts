/** Who is not known to the admin API: 401 with a challenge that makes no browser ask for a password by itself. Pure. */
import { refused, type Failure } from '../model/failure.ts'

export const unknownCaller = (code: 'credentials-missing' | 'credentials-invalid' | 'session-expired'): Failure =>
  refused(code, { status: 401, headers: ['WWW-Authenticate', 'Token realm="sallyport admin"'] })
