/** Traffic over time, drawn by uPlot, which is loaded only here. The same numbers stand in a table for who cannot see it. */
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type uPlot from 'uplot'

export interface Series {
  readonly label: string
  /** A custom property of the style, so that colours follow the theme. */
  readonly colour: string
  readonly values: readonly number[]
}

const height = 220

export function Chart({
  times,
  series,
  label,
}: {
  /** Epoch seconds. */
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly label: string
}) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const data = useMemo<uPlot.AlignedData>(
    () => [[...times], ...series.map(({ values }) => [...values])],
    [times, series],
  )
  // What is drawn first; what comes later is set on the drawing.
  const first = useRef({ series, data })

  useEffect(() => {
    let isGone = false
    const element = box.current
    if (element === null) return undefined
    const fit = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }))
    void import('./plot.ts').then(({ makePlot }) => {
      if (isGone) return
      plot.current = makePlot(element, { width: element.clientWidth, height }, first.current.series, first.current.data)
      fit.observe(element)
    })
    return () => {
      isGone = true
      fit.disconnect()
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [])

  useEffect(() => {
    plot.current?.setData(data)
  }, [data])

  return <div ref={box} class="chart" role="img" aria-label={label} />
}
