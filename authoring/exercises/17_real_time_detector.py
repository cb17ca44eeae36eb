# %% [markdown]
# # Exercises: A real-time detector
#
# Eleven tasks, about 75 minutes. Write your code where a cell says so, run it, then run the check below it: it tries your
# answer on fresh random input and tells you what is right or what went wrong. Stuck? Each task has hints that fold out.
# First run the two cells at the top. Then solve the tasks in any order; none needs another one.

# %%
import asyncio
import json
import math
from collections import OrderedDict

import numpy as np

from course_lib.checks import real_time as check

# %% [markdown]
# ### Task 17.1 A full queue  ●○○  5 min
#
# `queue` is a list of waiting events, the one that has waited longest first; `events` is a list of new ones, in their order; `capacity` is how many may wait, 1 at least.
# Write `offer(queue, events, capacity)`, which returns the pair `(waiting, dropped)`: the new list of waiting events and the number of events dropped. What
# does not fit is dropped from the **front**: the events that have waited longest go, the newest stay. Leave both lists as they are.
#
# <details><summary>Hint 1</summary>First put both lists together as if there were room for all.</details>
# <details><summary>Hint 2</summary>How many are too many? Never fewer than 0. Leave out that many at the front of the joined list.</details>


# %%
def offer(queue, events, capacity):
    """(waiting, dropped) after `events` came to `queue`."""
    # SOLUTION
    joined = queue + events
    dropped = max(0, len(joined) - capacity)
    return joined[dropped:], dropped
    # END SOLUTION


# %% tags=["check"]
check.offer(offer)

# %% [markdown]
# ### Task 17.2 How large a queue?  ●○○  4 min
#
# A service scores `rate` events a second, and nobody may wait longer than `delay` seconds in its queue. Write `queue_size(rate, delay)`: the largest whole number
# of events that the queue may hold, and 1 at least.
#
# <details><summary>Hint 1</summary>When the queue is full, the last one in it waits until all the others and itself are scored: how long is that for n events?</details>
# <details><summary>Hint 2</summary>Solve n / rate ≤ delay for n, and round to the side that keeps the promise.</details>


# %%
def queue_size(rate, delay):
    """Largest queue in which nobody waits longer than `delay` seconds, as an int."""
    # SOLUTION
    return max(1, math.floor(rate * delay))
    # END SOLUTION


# %% tags=["check"]
check.queue_size(queue_size)

# %% [markdown]
# ### Task 17.3 Believe no packet  ●●○  9 min
#
# Write `read_event(packet, longest)`. `packet` is a `bytes` object that came from anywhere. If it is a JSON object such as `{"key": "pump", "x": 20.5}`, whose `key` is a text that is not empty and whose
# `x` is a finite number, return the pair `(key, x)`, with `x` as a `float`. For **everything else**, and for packets of more than `longest` bytes, return the text `"malformed"`. Never raise.
#
# Beware: `json.loads` accepts `NaN` and `1e999`, and for Python `True` is a number.
#
# <details><summary>Hint 1</summary><code>json.loads(packet)</code> takes bytes. It raises <code>ValueError</code> (also for bad UTF-8), and <code>RecursionError</code> for thousands of brackets.</details>
# <details><summary>Hint 2</summary>After that: is it a <code>dict</code>? <code>record.get("x")</code> is None where there is no x. <code>isinstance(x, bool)</code> comes before <code>isinstance(x, (int, float))</code>.</details>
# <details><summary>Hint 3</summary><code>math.isfinite(x)</code> fails for an int too large for a float: an <code>OverflowError</code>. Catch it as well.</details>


# %%
def read_event(packet, longest):
    """(key, x) of a good packet, else "malformed"."""
    # SOLUTION
    if len(packet) > longest:
        return "malformed"
    try:
        record = json.loads(packet)
        key, x = record.get("key"), record.get("x")
        number = (
            isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)
        )
    except (ValueError, RecursionError, AttributeError, OverflowError):
        return "malformed"
    good = number and isinstance(key, str) and key != ""
    return (key, float(x)) if good else "malformed"
    # END SOLUTION


# %% tags=["check"]
check.read_event(read_event)

# %% [markdown]
# ### Task 17.4 A percentile from buckets  ●●○  7 min
#
# A histogram keeps `counts`, shape `(n,)`: how many delays fell into each bucket, and `ends`, shape `(n,)`: the upper end of each bucket, rising. Write `percentile(counts, ends, q)`: the upper end of the
# first bucket by which at least `q` percent of all delays are counted. (`q` is above 0 and at most 100.)
#
# <details><summary>Hint 1</summary><code>np.cumsum(counts)</code> says how many delays lie at or below each end.</details>
# <details><summary>Hint 2</summary>The first place where that is at least <code>q / 100 * counts.sum()</code>: <code>np.argmax</code> of a boolean array gives the first True.</details>


# %%
def percentile(counts, ends, q):
    """Upper end of the bucket that holds the q-th percentile, a float."""
    # SOLUTION
    below = np.cumsum(counts)
    return ends[np.argmax(100 * below >= q * below[-1])]
    # END SOLUTION


# %% tags=["check"]
check.percentile(percentile)

# %% [markdown]
# ### Task 17.5 A detector for each stream, and no more than that  ●●●  10 min
#
# Complete the class `Streams`. `Streams(make, limit)` is given a function `make()` that returns a new detector, and the largest number of detectors to keep. `get(key)` returns the detector of that key, the same object each time;
# for a new key it makes one. If there are `limit` already, it first forgets the key whose latest `get` is longest ago. A forgotten key that comes back gets a new detector.
#
# <details><summary>Hint 1</summary>An <code>OrderedDict</code> remembers the order in which its keys came: <code>move_to_end(key)</code> makes a key the latest, <code>popitem(last=False)</code> takes out the first.</details>
# <details><summary>Hint 2</summary>Three steps: if the key is new and the table is full, pop the first; if it is new, make; in any case move it to the end.</details>


# %%
class Streams:
    """One detector per key, at most `limit` of them."""

    def __init__(self, make, limit):
        self.make, self.limit = make, limit
        self.table = OrderedDict()

    def get(self, key):
        """The detector of this key."""
        # SOLUTION
        if key not in self.table:
            if len(self.table) == self.limit:
                self.table.popitem(last=False)
            self.table[key] = self.make()
        self.table.move_to_end(key)
        return self.table[key]
        # END SOLUTION


# %% tags=["check"]
check.streams(Streams)

# %% [markdown]
# ### Task 17.6 What UDP lost  ●●○  6 min
#
# A sender numbers its packets one after the other. UDP may lose some, deliver some twice, and change their order. Write `lost(numbers)`: how many packets are missing between the smallest and the
# largest number that arrived. `numbers` is a list of ints that is not empty.
#
# <details><summary>Hint 1</summary>How many numbers are there from the smallest to the largest, both included?</details>
# <details><summary>Hint 2</summary>Subtract how many <em>different</em> ones arrived.</details>


# %%
def lost(numbers):
    """How many numbers between the smallest and the largest did not arrive."""
    # SOLUTION
    return max(numbers) - min(numbers) + 1 - len(set(numbers))
    # END SOLUTION


# %% tags=["check"]
check.lost(lost)

# %% [markdown]
# ### Task 17.7 Hysteresis  ●●○  9 min
#
# An alarm goes on at the first score **above** `high`, and off at the first score **below** `low`, which is smaller than `high`; between the two lines it stays what it is. It is off at the beginning. Write
# `alarms(scores, high, low)`: the list of the positions at which an alarm goes on. `scores` has shape `(n,)`.
#
# <details><summary>Hint 1</summary>Go through the scores with one variable that says whether the alarm is on.</details>
# <details><summary>Hint 2</summary>Only two things can happen: it is off and the score is above high (note the position); it is on and the score is below low.</details>


# %%
def alarms(scores, high, low):
    """Positions at which an alarm goes on, a list of ints."""
    # SOLUTION
    starts, on = [], False
    for place, score in enumerate(scores):
        if not on and score > high:
            starts.append(place)
            on = True
        elif on and score < low:
            on = False
    return starts
    # END SOLUTION


# %% tags=["check"]
check.alarms(alarms)

# %% [markdown]
# ### Task 17.8 One incident, not fifty alarms  ●●○  8 min
#
# `times` is a rising array of the seconds at which alarms of one plant went on, shape `(n,)`, $n \ge 1$. Alarms belong to one incident as long as each comes at most `gap` seconds after the one **before** it. Write `incidents(times, gap)`: an
# array of shape `(k, 3)` with one row for each incident: its first time, its last time, and its number of alarms.
#
# <details><summary>Hint 1</summary><code>np.diff(times) &gt; gap</code> is True where a new incident begins, one place late.</details>
# <details><summary>Hint 2</summary><code>np.split(times, np.flatnonzero(np.diff(times) &gt; gap) + 1)</code> gives the incidents as a list of arrays.</details>


# %%
def incidents(times, gap):
    """(first, last, number of alarms) of each incident, shape (k, 3)."""
    # SOLUTION
    groups = np.split(times, np.flatnonzero(np.diff(times) > gap) + 1)
    return np.array([[group[0], group[-1], len(group)] for group in groups])
    # END SOLUTION


# %% tags=["check"]
check.incidents(incidents)

# %% [markdown]
# ### Task 17.9 The sensor that says nothing  ●○○  5 min
#
# `last_seen` maps each key to the second of its latest event. Write `silent(last_seen, now, seconds)`: the list of the keys whose latest event is **more** than `seconds` ago, the longest silence first. No two
# keys were last seen at the same second.
#
# <details><summary>Hint 1</summary>For how long has a key been silent? <code>now - last_seen[key]</code>.</details>
# <details><summary>Hint 2</summary><code>sorted(keys, key=last_seen.get)</code> puts the key that was seen longest ago first.</details>


# %%
def silent(last_seen, now, seconds):
    """Keys that are silent for more than `seconds`, the longest silence first."""
    # SOLUTION
    return [
        key
        for key in sorted(last_seen, key=last_seen.get)
        if now - last_seen[key] > seconds
    ]
    # END SOLUTION


# %% tags=["check"]
check.silent(silent)

# %% [markdown]
# ### Task 17.10 A sink that hangs  ●●●  10 min
#
# Write the coroutine `deliver(send, message, timeout, attempts)`. It awaits `send(message)`, which may raise any exception, or take for ever. An attempt that raises, or takes longer than `timeout` seconds, has failed; then it tries again, at most
# `attempts` times in all. It returns `True` as soon as one attempt succeeds, and `False` when all have failed.
#
# The check calls your coroutine with senders that work, fail and hang.
#
# <details><summary>Hint 1</summary><code>await asyncio.wait_for(send(message), timeout)</code> raises <code>TimeoutError</code> when the time is up, and ends the attempt.</details>
# <details><summary>Hint 2</summary>A loop over <code>range(attempts)</code>; inside it <code>try</code>, <code>except Exception: continue</code>; return True after a success, False after the loop.</details>


# %%
async def deliver(send, message, timeout, attempts):
    """Whether the message was sent in one of the attempts."""
    # SOLUTION
    for _ in range(attempts):
        try:
            await asyncio.wait_for(send(message), timeout)
        except Exception:
            continue
        return True
    return False
    # END SOLUTION


# %% tags=["check"]
check.deliver(deliver)

# %% [markdown]
# ### Task 17.11 Five challenges  ●●○  10 min
#
# Five troubles of a real-time detector, each with four remedies to choose from. Run the next cell to see them, then replace each `None` by a letter such as `"a"`.
#
# <details><summary>Hint 1</summary>Which remedy acts on the cause, and still works when ten times as much comes?</details>
# <details><summary>Hint 2</summary>For each remedy ask what happens to the delay, the memory, and the counts while the trouble lasts.</details>

# %%
check.quiz.show()

# %%
# SOLUTION
# STUB: answers = {"q1": None, "q2": None, "q3": None, "q4": None, "q5": None}
answers = {"q1": "b", "q2": "d", "q3": "a", "q4": "c", "q5": "b"}
# END SOLUTION

# %% tags=["check"]
check.five_challenges(answers)

# %% [markdown]
# ## In your own words
#
# Two questions without a check. Write some sentences on each, then unfold what a good answer weighs.
#
# **1.** Name five challenges that a detector meets in real time and not on a table, and for each a remedy and what the remedy costs.
#
# <details><summary>What a good answer weighs</summary>
# Load: bursts above the capacity; a bounded queue with back-pressure or counted drops, which costs completeness or makes senders wait. Delay: an answer that comes late; blocks of what is there, cheap models, percentiles
# instead of means, at the price of accuracy. Drift: normal moves; models and thresholds that forget, guarded, at the price of learning a slow fault. Dirty input: malformed, missing, late, hostile events; limits, a count for each reason, silence
# looked for by a clock, at the price of refusing some honest events. Failure: crashes and sinks that hang; snapshots, time limits, tasks of their own, at the price of some seconds of learning. People: too many alerts;
# hysteresis, cooldown, grouping, at the price of delay and of an incident that hides another. Memory: streams without end; a limit and eviction, at the price of what was learnt.</details>
#
# **2.** Your manager asks for "real time". Which three numbers do you ask for before you write a line of code?
#
# <details><summary>What a good answer weighs</summary>
# How late may an alert be, as a percentile (p99 below ...) and from which moment on? How many events a second, on average and in the worst second, and from how many streams? How many messages a day will somebody read, and what does a missed incident cost?
# From the first two follow the capacity and the size of the queue, from the third the policy. Good answers also ask what may be lost, and for how long the service may be away after a crash.</details>
