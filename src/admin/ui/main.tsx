/** The entry of the admin pages. */
import { render } from 'preact'
import { App } from './app.tsx'
import { followLinks } from './state/router.ts'
import { applyTheme } from './state/theme.ts'
import './style/base.css'
import './style/layout.css'
import './style/parts.css'

applyTheme()
followLinks()
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
