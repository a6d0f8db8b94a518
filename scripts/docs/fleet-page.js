// docs/fleet.md: how many agents one source carries, from benchmarks/results/fleet.json.

import { BYTES, GITHUB, HTTP, LATENCY_MS, LOOKED_UP, S3 } from "../../benchmarks/fleet/limits.js";
import { amount, duration, fleetSize, lifeOf, percent } from "../fleet/results.js";
import {
	arrivalTable,
	carriedTable,
	costTable,
	outageTable,
	readersTable,
	restartTable,
} from "../fleet/tables.js";

/** @typedef {import("../fleet/results.js").Results} Results */

/** The fleets that the text speaks of. */
const SAMPLE = 1_000;
/** On GitHub: what the points carry, if a 304 counts among them. */
const CARRIED = 400;
const LARGE = 10_000;
/** More than the HTTP server answers. */
const OVERLOADING = 20_000;
const LARGEST = 100_000;

/** The page, all of whose figures are those of the simulation. @param {Results} results @returns {string} */
export function fleetPage(results) {
	return [
		introduction(results),
		carried(results),
		cost(results),
		rotation(results),
		restart(results),
		outage(results),
		advice(results),
		method(results),
	].join("\n");
}

/** @param {Results} results */
function introduction(results) {
	const life = lifeOf(results, { place: "s3", agents: SAMPLE, ttlSeconds: 300 });
	const { steady, rotation: arrival, recovery } = life;
	return `<!-- Made by \`npm run docs\` from benchmarks/results/fleet.json; \`npm run bench:fleet\` makes that anew. -->

# Fleets

How many agents one token, bucket or server carries, what that costs, how fast a rotation arrives, and what happens when
everything restarts or the source is gone. All figures come from a [simulation](#how-it-was-found) with the agent's own
schedule, seeded, so that it says the same again. No real place was asked.

In short, at the default TTL of 300 s:

- ${fleetSize(SAMPLE)} agents make ${amount(steady?.requestsPerSecond ?? 0)} requests a second, spread evenly; while nothing changes no answer has a body.
- A new revision is served by half of the fleet after ${duration(arrival?.seconds50)}, by all of it after ${duration(arrival?.seconds100)}: a tenth of the TTL.
- When a source comes back after an hour, half of the fleet serves again after ${duration(recovery?.seconds50)}, all of it after ${duration(recovery?.seconds100)}: the TTL.
  There is no thundering herd: the most in one second is ${amount(recovery?.peakPerSecond ?? 0)} requests of ${fleetSize(SAMPLE)} agents.
`;
}

/** @param {Results} results */
function carried(results) {
	return `## How many agents

Requests a second that a fleet makes while nothing happens, and how many agents reach a limit.

${carriedTable(results)}
![requests of a fleet and the limits of the places](images/fleet-demand.svg)

- **GitHub** documents ${fleetSize(GITHUB.requestsPerHour)} requests an hour for a token, where an authorised 304 is [free](${GITHUB.conditionalUrl}), and at most
  ${GITHUB.pointsPerMinute} points a minute and ${GITHUB.concurrent} requests at a time ([limits](${GITHUB.limitsUrl})).
  It does not say whether a 304 counts among the points; both readings are shown. A start or a rotation costs
  each agent one of the ${fleetSize(GITHUB.requestsPerHour)}, so more agents than that are never served within the hour.
- **S3** gives each prefix at least ${fleetSize(S3.requestsPerSecond)} GET requests a second ([limits](${S3.limitsUrl})).
- **HTTP server**: assumed to answer ${HTTP.requestsPerSecond} requests a second, and to let ${HTTP.queue} wait, which is
  [Node's backlog](${HTTP.queueUrl}). Twice the capacity carries twice the agents.
`;
}

/** @param {Results} results */
function cost(results) {
	return `## What it costs

A month of S3 in which nothing changes. A GET costs $${S3.dollarsPer1000Gets} for 1,000 in S3 Standard, by [two](${S3.priceUrls[0]}) [pages](${S3.priceUrls[1]}) of others, looked up
on ${LOOKED_UP}; [the vendor's own](${S3.vendorPriceUrl}) decides, by region. Bytes are counted as measured on
[our fakes](sources/README.md#measured): ${BYTES.s3.unmodified} for an unchanged poll. Traffic out of S3 is not priced here.

${costTable(results)}
A rotation costs each agent one full answer, ${fleetSize(BYTES.s3.modified)} bytes for a small artifact, in place of an unchanged one. GitHub asks nothing for
requests.
`;
}

/** @param {Results} results */
function rotation(results) {
	const many = lifeOf(results, { place: "github-free-304", agents: 4_000, ttlSeconds: 300 });
	const beyond = lifeOf(results, { place: "http", agents: OVERLOADING, ttlSeconds: 300 });
	return `## How fast a rotation arrives

Time until this part of the fleet serves a new revision. "not" means not within the time that was simulated: an hour, or
${duration(beyond.horizonMs / 1_000)} for ${fleetSize(beyond.agents)} agents before the HTTP server.

${arrivalTable(results)}
Within the limits of a place it takes one poll: a tenth of the TTL, or 5 s just-in-time. Beyond them, time is decided by
how long the place tells those it refuses to wait. "Over TTL" are agents that stopped serving meanwhile.

**On GitHub a start and a rotation share the hour.** Each takes one request of every agent, so ${fleetSize(many.agents)} agents that start and rotate
within one hour use up the token: from then on nobody is answered until the hour is over (assumed: not even where the answer would be a 304), and
${fleetSize(many.rotation?.overTtl ?? 0)} of them stop serving. A TTL of more than an hour would carry them through.
Up to ${fleetSize(GITHUB.requestsPerHour / 2)} agents can do both in an hour.
`;
}

/** @param {Results} results */
function restart(results) {
	const largeLife = lifeOf(results, { place: "github", agents: LARGEST, ttlSeconds: 300 });
	const { restart: large } = largeLife;
	const server = lifeOf(results, { place: "http", agents: LARGEST, ttlSeconds: 300 });
	return `## Everything restarts at once

All agents start within one second with nothing on disk, and each needs the whole artifact. ${fleetSize(LARGEST)} agents were followed for
${duration(largeLife.horizonMs / 1_000)} on GitHub, and for ${duration(server.horizonMs / 1_000)} before the HTTP server; "not" means not by then.

${restartTable(results)}
- On GitHub only ${GITHUB.concurrent} requests may be under way at a time: whoever is above that waits a minute, and the agents are then spread over
  six seconds. Of ${fleetSize(LARGEST)} agents ${percent(large.share)} are served within ${duration(largeLife.horizonMs / 1_000)}: the quota of the hour.
- With \`CLEF_AGENT_CACHE_PATH\` an agent serves at once what its source vouched for within the TTL, and its first request is
  an ordinary poll: [reliability](reliability.md#the-last-known-good-artifact-on-disk).
`;
}

/** @param {Results} results */
function outage(results) {
	const small = lifeOf(results, { place: "s3", agents: SAMPLE, ttlSeconds: 300 });
	const large = lifeOf(results, { place: "s3", agents: LARGE, ttlSeconds: 300 });
	const fine = lifeOf(results, { place: "github", agents: CARRIED, ttlSeconds: 300 });
	const late = lifeOf(results, { place: "github", agents: SAMPLE, ttlSeconds: 300 });
	const free = lifeOf(results, { place: "github-free-304", agents: SAMPLE, ttlSeconds: 300 });
	return `## The source is down for an hour

Every agent stops serving when it has heard nothing for the TTL (300 s just-in-time), so all of them do. Nobody asks them
here; what readers change is shown below. Rates grow with the fleet: ${fleetSize(large.agents)} agents ask S3 at most ${fleetSize(large.recovery?.peakPerSecond ?? 0)} times in one second
after the outage, ${fleetSize(SAMPLE)} at most ${fleetSize(small.recovery?.peakPerSecond ?? 0)}.

${outageTable(results)}
![requests while the source is down and after](images/fleet-outage.svg)

**Beyond GitHub's points the fleet comes back slowly.** ${CARRIED} agents, which the points carry, all serve again after ${duration(fine.recovery?.seconds100)}; ${fleetSize(SAMPLE)} after
${duration(late.recovery?.seconds100)}, and after ${duration(free.recovery?.seconds100)} if a 304 is free. Agents that already serve poll ten times per TTL and use the points up;
those that were refused wait a minute or more each time. It ends, but it is a reason to stay below the limit.

### With applications that go on asking

An agent whose secrets are too old tries its source again when it is asked for them, at most once a second. So applications
that keep asking set the rate, not the back-off.

${readersTable(results)}
![the same with readers](images/fleet-readers.svg)

A fleet that is asked all the time therefore makes up to about one request a second for each agent, for as long as the source is
down, and serves again within seconds of its return: size a server for that, or let applications pause after a 503.
Agents that came back in the same second also go on polling close together, since each interval differs by a tenth at
most: the waves at the end of the plot.
`;
}

/** @param {Results} results */
function advice(results) {
	const { restart: few } = lifeOf(results, { place: "github", agents: CARRIED, ttlSeconds: 300 });
	return `## What to set

| you have | set |
| --- | --- |
| up to ${fleetSize(CARRIED)} agents on one GitHub token | nothing: the default TTL stays below every documented limit; after a start of all at once the last agent serves after ${duration(few.seconds100)} |
| more, up to ${fleetSize(GITHUB.requestsPerHour / 2)} | a longer TTL (\`CLEF_AGENT_CACHE_TTL\`): twice the TTL takes half the points; or S3 or an HTTP server |
| a fleet above that | S3 or HTTP servers of your own |
| secrets that must arrive in seconds | just-in-time or a short TTL, on S3 or HTTP; on GitHub it uses up the points with few agents |
| a source that may be gone for long | a TTL longer than that: agents serve through it, and nothing else does it |
| restarts of everything | \`CLEF_AGENT_CACHE_PATH\` on a disk that survives them |
`;
}

/** @param {Results} results */
function method(results) {
	const { seed, startWithinMs } = results.given;
	return `## How it was found

\`npm run bench:fleet\` runs the agent's own loop and schedule (\`Refresher\` and \`nextRefreshDelayMs\` of \`packages/core\`) for every agent of a
fleet, on one simulated clock, against places in memory. Fetching, verifying and decrypting are left out: a hundred
thousand whole agents take gigabytes, and none of it decides when an agent asks. \`e2e/fleet.test.ts\` checks that: twenty whole agents
ask at the same milliseconds as twenty simulated ones, through a start, a rotation, refusals, an outage and the time
after. It also runs small fleets again and compares them with the figures of this page.

Assumed, not documented: an answer takes ${LATENCY_MS} ms; "at once" is within ${startWithinMs / 1_000} s; GitHub counts in fixed
minutes and hours, tells those beyond its points to wait ${duration(GITHUB.secondaryWaitMs / 1_000)}, and refuses everything while the hour's requests are used up;
a refused request counts nowhere (GitHub may ban who goes on); S3 refuses what is above its rate in a second; a server
that is down or full refuses at once. Seed ${seed}. [GitHub's quota](sources/README.md#measured) is also measured with whole agents over HTTP.
`;
}
