/** How a command ends other than well. Exit codes: 1 failed at run time, 2 bad command line or configuration. */

/** Ends the command with a plain message on standard error. */
export class CommandError extends Error {
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** A command line that cannot be meant: exit code 2. */
export const usageError = (message: string): CommandError => new CommandError(message, 2)
