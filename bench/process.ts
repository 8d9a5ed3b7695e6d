/** A child of the benchmark: started, asked, and ended with it. */
import { fork } from 'node:child_process'
import { openSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Ask, LoadOutcome, LoadPlan, Told } from './child.ts'

export interface Child {
  readonly port: number
  cost(): Promise<{ readonly cpuMicros: number; readonly rssBytes: number }>
  load(plan: LoadPlan): Promise<LoadOutcome>
  stop(): Promise<void>
}

/** Longer than anything here takes: a child that says nothing for so long has failed. */
const patienceMs = 60_000

/** Starts `file` and waits until it says where it listens (the load listens nowhere: port 0). */
export async function start(file: string, args: readonly string[]): Promise<Child> {
  // What the gateway logs goes where it costs the writer what it costs in earnest, and the disk nothing.
  const child = fork(file, args, { stdio: ['ignore', openSync(devNull, 'w'), 'inherit', 'ipc'] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))

  const heard = <Kind extends Told['tell']>(kind: Kind): Promise<Extract<Told, { tell: Kind }>> =>
    new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        settle()
        reject(new Error(`${file} ${args.join(' ')}: ${why}`))
      }
      const timer = setTimeout(fail, patienceMs, `no \`${kind}\` in ${patienceMs} ms`)
      const onExit = (code: number | null): void => fail(`ended with ${String(code)}`)
      const onMessage = (told: Told): void => {
        if (told.tell !== kind) return
        settle()
        resolve(told as Extract<Told, { tell: Kind }>)
      }
      const settle = (): void => {
        clearTimeout(timer)
        child.off('message', onMessage)
        child.off('exit', onExit)
      }
      child.on('message', onMessage)
      child.once('exit', onExit)
    })

  const ask = <Kind extends Told['tell']>(question: Ask, kind: Kind): Promise<Extract<Told, { tell: Kind }>> => {
    const answer = heard(kind)
    child.send(question)
    return answer
  }

  const { port } = await heard('listening')
  return {
    port,
    cost: () => ask({ ask: 'cost' }, 'cost'),
    load: async (plan) => (await ask({ ask: 'load', plan }, 'loaded')).outcome,
    async stop() {
      if (child.connected) child.disconnect()
      else child.kill('SIGKILL')
      await gone
    },
  }
}
