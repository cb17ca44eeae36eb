"""The page's sections, each from facts to HTML; every text that came from outside is escaped here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from course_lib.explain.incident_page.charts import line_chart
from course_lib.explain.incident_page.facts import Facts
from course_lib.explain.incident_page.words import duration, in_short, listed, moment, number, percent, reading

SERIOUS = 0.1  # share from which a suspect gets a chart of its own


def summary(facts: Facts) -> str:
    """The incident in two or three plain sentences, not escaped: also what a message to a phone would say."""
    times, first, last = facts.timestamps, int(facts.rows[0]), int(facts.rows[-1])
    score = f"score {number(facts.scores[facts.worst])}, threshold {number(facts.threshold)}"
    if not facts.flagged:
        return f"At {moment(times, facts.worst)} nothing was flagged ({score})."
    when = (
        f"At {moment(times, first)}"
        if len(facts.rows) == 1
        else f"From {moment(times, first)} to {moment(times, last)}"
    )
    text = f"{when} the readings were not ordinary ({score})."
    if facts.suspects:
        suspect = facts.suspects[0]
        text += f" {percent(suspect.share)} of it comes from {suspect.name}: {reading(suspect)}."
    return text


def what(facts: Facts) -> str:
    """Headline, verdict and summary."""
    verdict = ("verdict", "Anomaly") if facts.flagged else ("verdict calm", "Not flagged")
    return (
        f"<h1>{escape(facts.title)}</h1>"
        f'<p class="{verdict[0]}">{verdict[1]}</p>'
        f'<p class="lead">{escape(summary(facts))}</p>'
    )


def since_when(facts: Facts) -> str:
    """The score over time."""
    times, first, last = facts.timestamps, int(facts.rows[0]), int(facts.rows[-1])
    begin, end = facts.shown.start, facts.shown.stop
    chart = line_chart(
        facts.scores[facts.shown],
        (first - begin, last + 1 - begin),
        "score over time, the incident is marked",
        threshold=facts.threshold,
    )
    figure = (
        f"<figure><figcaption>Anomaly score. Dashed: the threshold, {number(facts.threshold)}. Thick: the "
        f"{'incident' if facts.flagged else 'row that was asked about'}.</figcaption>{chart}"
        f"{_ends(facts, begin, end)}</figure>"
    )
    if not facts.flagged:
        return f"<h2>When?</h2>{figure}"
    above = int((facts.scores[facts.rows] > facts.threshold).sum())
    flagged = "" if above == len(facts.rows) else f", {above} of {len(facts.rows)} rows above the threshold"
    worst = "" if first == last else f" The score was highest at {escape(moment(times, facts.worst))}."
    return (
        f"<h2>Since when?</h2><p>Since <strong>{escape(moment(times, first))}</strong>, for "
        f"{escape(duration(times, first, last))}{flagged}.{worst}</p>{figure}"
    )


def why(facts: Facts) -> str:
    """Who is blamed, as bars."""
    if not facts.suspects:
        return "<h2>Why?</h2><p>No feature raises the score: the explanation names nobody.</p>"
    bars = [_bar(suspect.name, suspect.share, in_short(suspect)) for suspect in facts.suspects]
    if facts.other_share >= 0.005:
        bars.append(_bar("all others", facts.other_share, "", "bar rest"))
    return (
        "<h2>Why?</h2><p>Share of each reading in what raises the score:</p>"
        f'<ul class="bars">{"".join(bars)}</ul>'
        '<p class="quiet">These are the readings that the detector reacted to. What is broken may be elsewhere.</p>'
    )


def how_sure(facts: Facts) -> str:
    """Threshold, rarity, and how firm the explanation is."""
    score, threshold, n = facts.scores[facts.worst], facts.threshold, len(facts.ordinary)
    usual = float(np.median(facts.ordinary))
    times = f", {number(score / threshold, 2)} times" if threshold > 0 and score > threshold else ", against"
    margin = f"The score is {number(score)}{times} the threshold of {number(threshold)}."
    margin += f" Half of the ordinary rows have at most {number(usual)}."
    if facts.as_high:
        rare = f"{facts.as_high:,} of {n:,} ordinary rows score as high: that happens in {percent(facts.as_high / n)}."
    else:
        # With none in n, rates above 3 / n are refuted at 95%.
        rare = f"None of {n:,} ordinary rows scores as high: fewer than {number(300 / n, 2)}% of such rows do "
        rare += "(95% sure, if rows do not repeat each other)."
    lines = [margin, rare]
    if facts.suspects:
        firm = "." if facts.steady >= 0.9 * facts.trials else ": do not lean on the order of the suspects."
        lines.append(
            f"At the worst moment {facts.first} comes first; with a little noise on the readings it does so in "
            f"{facts.steady} of {facts.trials} repetitions{firm}"
        )
        exact = "exactly" if facts.additive < 0.0005 else f"up to {percent(facts.additive)}"
        lines.append(f"The parts of the explanation sum to the score {exact} ({facts.method}).")
    return f"<h2>How sure?</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def what_to_look_at(facts: Facts) -> str:
    """The suspects over time, with the advice that was given for them."""
    if not (facts.flagged and facts.suspects):
        return ""
    begin, end = facts.shown.start, facts.shown.stop
    marked = (int(facts.rows[0]) - begin, int(facts.rows[-1]) + 1 - begin)
    parts = []
    serious = [suspect for suspect in facts.suspects if suspect.share >= SERIOUS or suspect is facts.suspects[0]]
    for suspect in serious[:3]:
        chart = line_chart(suspect.series, marked, f"{suspect.name} over time", band=(suspect.low, suspect.high))
        advice = f'<p class="advice">{escape(suspect.advice)}</p>' if suspect.advice else ""
        parts.append(
            f'<figure class="small"><figcaption><strong>{escape(suspect.name)}</strong>: {escape(reading(suspect))}'
            f"</figcaption>{chart}{_ends(facts, begin, end)}</figure>{advice}"
        )
    return (
        '<h2>What to look at</h2><p class="quiet">Grey band: where 98 of 100 ordinary readings lie. Thick: the '
        f"incident.</p>{''.join(parts)}"
    )


def what_would_be_normal(facts: Facts) -> str:
    """The smallest change, or what was expected."""
    head, worst = "<h2>What would make it normal?</h2>", escape(moment(facts.timestamps, facts.worst))
    if facts.changes is not None:
        table = facts.changes.to_frame(0)
        if not facts.changes.found[0]:
            return f"{head}<p>No allowed change of the readings brings the score to the threshold.</p>"
        rows = [
            (name, number(before), number(after), f"{number(change)}")
            for name, before, after, change in table.itertuples(index=False)
        ]
        names = listed([str(name) for name in table["feature"]])
        return (
            f"{head}<p>At {worst} the smallest change found moves "
            f"{escape(names)}:</p>{_table(('reading', 'now', 'would be normal', 'in deviations'), rows)}"
            '<p class="quiet">Nothing else would have to change for the score to meet the threshold.</p>'
        )
    if facts.expected:
        rows = [(name, number(now), number(then), number(now - then)) for name, now, then in facts.expected]
        table = _table(("reading", "now", "expected", "difference"), rows)
        return f"{head}<p>At {worst} the detector expected:</p>{table}"
    return ""


def _bar(name: str, share: float, text: str, kind: str = "bar") -> str:
    note = f'<span class="quiet">{escape(text)}</span>' if text else ""
    return (
        f'<li class="{kind}"><span class="name">{escape(name)}</span>'
        f'<span class="track"><span class="fill" style="display:block;width:{100 * share:.1f}%"></span></span>'
        f'<span class="share">{escape(percent(share))}</span>{note}</li>'
    )


def _ends(facts: Facts, begin: int, end: int) -> str:
    first, last = (escape(moment(facts.timestamps, row)) for row in (begin, end - 1))
    return f'<div class="ends"><span>{first}</span><span>{last}</span></div>'


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
