"""The tables of ``hybrid.py``: members against every combination of them, and what few labels and a cascade bring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from _report import markdown
from scipy.stats import rankdata

CHOSEN_ON = ("breastw", "glass", "Ionosphere", "pendigits", "shuttle", "vowels")
HELD_BACK = ("WBC", "cardio", "thyroid", "satellite", "mammography", "http")
MACHINES = ("machine-1-2", "machine-2-1", "machine-3-2")
SEEDS = (1, 2, 3)
RECOMMENDED = "z, average"
DRAWS = 10  # sets of labels for each data set and seed
SHARES = (0.1, 0.2)
CHEAP = "components"
TIMED_CHEAP = ("components", "forest")
RESAMPLES = 10_000
CHOICE = (
    "Twelve sets of three to six members were compared on these tables, each with all sixteen pairs of a scale and a "
    "rule, before any combination was measured on the others; what single detectors reach there was known. The average "
    "of z-scores reached both goals with eight of the twelve sets, as their weighted average did and no other pair; of "
    "the eight, this set had the largest lead in mean rank."
)


def means(results: dict[str, Any], names: tuple[str, ...], part: str) -> pd.DataFrame:
    """AUROC of each row of `part`, mean over the seeds: one column a data set."""
    return pd.DataFrame(
        {n: pd.DataFrame([results[n][str(seed)][part] for seed in SEEDS]).mean() for n in names if n in results}
    )


def standing(members: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Each ensemble beside the members: mean AUROC, and mean rank (1 is best) among the members and itself."""
    rows: dict[str, dict[str, Any]] = {}
    for name, row in sums.iterrows():
        ranks = rankdata(-np.vstack([row, members]).round(5), axis=0).mean(axis=1)
        best = int(ranks[1:].argmin())
        reached = ranks[0] < ranks[1:].min() and row.mean() >= members.mean(axis=1).max() - 0.01
        rows[str(name)] = {
            "mean AUROC": f"{row.mean():.4f}",
            "mean rank": f"{ranks[0]:.2f}",
            "best rank of a member": f"{ranks[1 + best]:.2f} ({members.index[best]})",
            "both goals": "yes" if reached else "",
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def how_sure(members: pd.DataFrame, recommended: pd.Series) -> str:
    """How often both goals are reached when the data sets are drawn anew, with replacement."""
    draws = np.random.default_rng(0).integers(0, members.shape[1], (RESAMPLES, members.shape[1]))
    ranks = rankdata(-np.vstack([recommended, members]).round(5), axis=0)[:, draws].mean(axis=2)
    means = np.vstack([recommended, members])[:, draws].mean(axis=2)
    better, close = ranks[0] < ranks[1:].min(axis=0), means[0] >= means[1:].max(axis=0) - 0.01
    return (
        f"With the data sets drawn anew {RESAMPLES:,} times, {RECOMMENDED} has the best mean rank in "
        f"{better.mean():.0%}, a mean AUROC within 0.01 of the best member's in {close.mean():.0%}, and both in "
        f"{(better & close).mean():.0%}."
    )


def report(results: dict[str, Any]) -> str:
    """All tables as Markdown."""
    tables = (*CHOSEN_ON, *HELD_BACK)
    everything = (*tables, *MACHINES)
    parts = ["## AUROC, mean of seeds 1 to 3"]
    single = means(results, everything, "members")
    chosen = means(results, everything, "ensembles").loc[[RECOMMENDED]]
    both = pd.concat([single, chosen.rename({RECOMMENDED: "**recommended: z, average**"})])
    parts.append(markdown(both.map("{:.3f}".format).T.rename_axis("data set")))
    groups = {
        "All fifteen": everything,
        "All twelve tables": tables,
        "The six tables that the choice was made on": CHOSEN_ON,
        "The six tables held back": HELD_BACK,
        "The three machines, row by row": MACHINES,
    }
    for title, names in groups.items():
        single = means(results, names, "members")
        lines = [f"{name} {value:.4f}" for name, value in single.mean(axis=1).sort_values(ascending=False).items()]
        parts.append(f"## {title}")
        if names is CHOSEN_ON:
            parts.append(CHOICE)
        parts += ["Mean AUROC of the members: " + ", ".join(lines) + "."]
        sums = means(results, names, "ensembles")
        parts += [markdown(standing(single, sums).rename_axis("scale, rule")), how_sure(single, sums.loc[RECOMMENDED])]
    single = means(results, MACHINES, "series members")
    parts += ["## The machines, with a detector of windows among four", markdown(single.map("{:.3f}".format))]
    parts.append(markdown(standing(single, means(results, MACHINES, "series ensembles")).rename_axis("scale, rule")))
    parts.append(worse(results, everything))
    parts.append(labels(results, tables))
    parts.append(stages(results, everything))
    return "\n\n".join(parts)


def worse(results: dict[str, Any], names: tuple[str, ...]) -> str:
    """Where the sum is worse than its best part."""
    single, sums = means(results, names, "members"), means(results, names, "ensembles")
    table = pd.DataFrame(
        {
            "best member": [f"{single[n].max():.3f} ({single[n].idxmax()})" for n in names],
            "worst member": [f"{single[n].min():.3f} ({single[n].idxmin()})" for n in names],
            "recommended": [f"{sums.loc[RECOMMENDED, n]:.3f}" for n in names],
            "recommended minus best": [f"{sums.loc[RECOMMENDED, n] - single[n].max():+.3f}" for n in names],
            "rank, average": [f"{sums.loc['rank, average', n]:.3f}" for n in names],
        },
        index=pd.Index(names, name="data set"),
    )
    below = int((sums.loc[RECOMMENDED] < single.max()).sum())
    blind = means(results, names, "blind").mean(axis=1)
    forest = single.loc["forest"].mean()
    noise = pd.DataFrame({"mean AUROC": blind.map("{:.4f}".format)}).rename_axis("forest and two blind parts")
    return (
        f"## A sum worse than its best part\n\nOn {below} of {len(names)} data sets the best member, known only "
        f"afterwards, beats the recommended combination.\n\n{markdown(table)}\n\nOne forest (mean AUROC {forest:.4f} "
        f"alone) with two parts whose scores are drawn at random:\n\n{markdown(noise)}"
    )


def labels(results: dict[str, Any], names: tuple[str, ...]) -> str:
    """Stacking beside the combination that needs no labels."""
    rows = pd.concat([means(results, names, "ensembles").loc[[RECOMMENDED]], means(results, names, "stacked")]).rename(
        {RECOMMENDED: "no labels: z, average"}
    )
    rows.insert(0, "mean", rows.mean(axis=1))
    return (
        f"## Stacking on few labels\n\nLabels of the training rows, half of them anomalies, {DRAWS} draws for each "
        "table and seed.\n\n" + markdown(rows.map("{:.3f}".format).rename_axis("AUROC"))
    )


def stages(results: dict[str, Any], names: tuple[str, ...]) -> str:
    """Cascades: quality everywhere, time where it was measured."""
    parts = {
        "cheap": means(results, names, "members").loc[[CHEAP]],
        "cascade": means(results, names, "cascade"),
        "costly": means(results, names, "ensembles").loc[[RECOMMENDED]].rename({RECOMMENDED: "recommended, all rows"}),
    }
    rows = pd.concat(parts.values()).rename({CHEAP: "cheap"})
    rows.insert(0, "mean", rows.mean(axis=1))
    timed = {}
    for name, cheap in [(name, cheap) for name in results["latency"] for cheap in TIMED_CHEAP]:
        count, found = results["latency"][name]["rows"][1], results["latency"][name][cheap]
        seconds = found["seconds"]
        timed[f'{name} ({count:,} rows), from "{cheap}"'] = {
            "to the costly part": f"{found['doubtful']:,}",
            "cascade, µs a row": f"{1e6 * seconds['cascade'] / count:.0f}",
            "costly alone, µs a row": f"{1e6 * seconds['alone'] / count:.0f}",
            "times as fast": f"{seconds['alone'] / seconds['cascade']:.1f}",
            "AUROC cheap, cascade, costly": ", ".join(
                f"{found['AUROC'][kind]:.3f}" for kind in ("cheap", "cascade", "costly")
            ),
        }
    times = pd.DataFrame.from_dict(timed, orient="index").rename_axis("seed 1")
    return (
        f'## Cascade from "{CHEAP}" to the recommended combination\n\n{markdown(rows.map("{:.3f}".format).T)}\n\n'
        f"Scoring time, {SHARES[0]:.0%} doubtful, both sides in one run, best of three:\n\n{markdown(times)}"
    )
