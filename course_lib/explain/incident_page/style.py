"""How the page looks: light, readable at arm's length and on a phone, complete in grey and on paper."""

from course_lib.plots.style import ANOMALY, NEUTRAL, NORMAL

# All rules begin with .incident, so that the page can stand inside a notebook and change nothing around it.
STYLE = f"""
.incident {{ color-scheme: light; box-sizing: border-box; max-width: 46rem; margin: 0 auto; padding: 1.2rem 1.2rem 2rem;
  background: #fff; color: #1c2226; font: 16px/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif;
  overflow-wrap: anywhere; }}
.incident * {{ box-sizing: border-box; }}
.incident h1 {{ font-size: 1.55rem; line-height: 1.25; margin: 0 0 .4rem; }}
.incident h2 {{ font-size: 1.05rem; margin: 1.7rem 0 .5rem; padding-top: .7rem; border-top: 1px solid #d5dbe0; }}
.incident p {{ margin: .4rem 0; }}
.incident .verdict {{ display: inline-block; margin: 0 0 .7rem; padding: .1rem .6rem; border: 2px solid {ANOMALY};
  border-radius: .3rem; color: {ANOMALY}; font-weight: 700; }}
.incident .verdict.calm {{ border-color: {NEUTRAL}; color: {NEUTRAL}; }}
.incident .lead {{ font-size: 1.12rem; }}
.incident .quiet {{ color: #525c63; font-size: .88rem; }}
.incident figure {{ margin: .5rem 0 .9rem; }}
.incident svg {{ display: block; width: 100%; height: 7rem; overflow: visible; }}
.incident .chart {{ position: relative; padding-left: 3.6rem; }}
.incident .chart span {{ position: absolute; left: 0; width: 3.2rem; text-align: right; color: #525c63;
  font-size: .78rem; line-height: 1; white-space: nowrap; transform: translateY(-50%);
  font-variant-numeric: tabular-nums; }}
.incident .small svg {{ height: 4rem; }}
.incident .ends {{ margin-left: 3.6rem; display: flex; justify-content: space-between; gap: 1rem; color: #525c63;
  font-size: .82rem; border-top: 1px solid #9aa5ad; padding-top: .15rem; }}
.incident figcaption {{ color: #525c63; font-size: .88rem; margin-bottom: .3rem; }}
.incident ol, .incident ul {{ margin: .4rem 0; padding-left: 1.3rem; }}
.incident li {{ margin: .35rem 0; }}
.incident .bars {{ list-style: none; padding: 0; }}
.incident .bar {{ display: grid; grid-template-columns: minmax(7rem, 13rem) 1fr 3.2rem; gap: .1rem .7rem;
  align-items: center; margin: .5rem 0; }}
.incident .name {{ font-weight: 600; }}
.incident .track {{ height: 1.05rem; background: #eef1f3; }}
.incident .fill {{ height: 100%; background: {ANOMALY}; border: 1px solid {NEUTRAL}; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; }}
.incident .rest .fill {{ background: {NORMAL}; }}
.incident .share {{ text-align: right; font-variant-numeric: tabular-nums; }}
.incident .bar .quiet {{ grid-column: 2 / 4; }}
.incident table {{ border-collapse: collapse; width: 100%; margin: .6rem 0; font-variant-numeric: tabular-nums; }}
.incident th, .incident td {{ text-align: right; padding: .3rem .5rem; border-bottom: 1px solid #d5dbe0; }}
.incident th:first-child, .incident td:first-child {{ text-align: left; padding-left: 0; }}
.incident th {{ font-weight: 600; font-size: .88rem; color: #525c63; }}
.incident .advice {{ padding: .35rem .7rem; border-left: 4px solid {NEUTRAL}; background: #f4f6f7; }}
@media (max-width: 30rem) {{
  .incident {{ padding: .9rem .9rem 1.5rem; }}
  .incident h1 {{ font-size: 1.3rem; }}
  .incident .bar {{ grid-template-columns: 1fr 3.2rem; }}
  .incident .name, .incident .bar .quiet {{ grid-column: 1 / 3; }}
  .incident th, .incident td {{ padding: .3rem .3rem; }}
}}
@media print {{
  .incident {{ max-width: none; padding: 0; font-size: 11pt; }}
  .incident h2 {{ break-after: avoid; }}
  .incident figure, .incident .bar, .incident table {{ break-inside: avoid; }}
}}
"""
