/** The chart library and its style: a piece of its own, for pages that draw. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Series } from './chart.tsx'

export function makePlot(
  element: HTMLElement,
  size: { readonly width: number; readonly height: number },
  series: readonly Series[],
  data: uPlot.AlignedData,
): uPlot {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string): string => style.getPropertyValue(name).trim()
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } }
  return new uPlot(
    {
      ...size,
      legend: { show: false },
      cursor: { drag: { x: false, y: false } },
      scales: { y: { range: (_plot, _min, max) => [0, Math.max(max, 5)] } },
      axes: [{ ...axis }, { ...axis, size: 44 }],
      series: [
        {},
        ...series.map(({ label, colour: name }) => ({
          label,
          stroke: colour(name),
          width: 2,
          points: { show: false },
        })),
      ],
    },
    data,
    element,
  )
}
