// What docs/performance.md says of each part of `npm run bench`, other than its numbers.

/** @typedef {import("./plot.js").Axes} Axes */

/**
 * @typedef {object} Section
 * @property {string} part
 * @property {string} title
 * @property {string} text
 * @property {Axes} [lines] how its series are plotted
 */

/** After the point of the rarest percentile, and more. */
const DIGITS = 4;

/** In the order of the page. @type {readonly Section[]} */
export const SECTIONS = [
	{
		part: "serving",
		title: "Serving",
		text: `Requests as fast as they are answered, from another process that keeps its connections open. Two generators,
because each takes its own part of a shared machine; neither is left out. The bare floor (\`benchmarks/floor.js\`) is
checked to answer with as many bytes and the same header names. Express 5 (\`benchmarks/express-server.js\`) is what is
written by hand: an object in memory, a bearer check, \`res.json\`. Processor time is the server's own, user and system.
Four turns of each generator in a round.`,
	},
	{
		part: "rested",
		title: "Serving after a rest",
		text: `The same after twelve seconds in which nobody asked, as agents mostly are when somebody does: V8 has collected
all garbage by then, and with it what it knew of objects of which none was left. Why that matters, and what is done
about it, is in [decision 0014](decisions/0014-what-a-rest-costs.md). Six turns in a round.`,
	},
	{
		part: "latency",
		title: "Latency",
		text: `Requests at a fixed rate, half of what the agent could serve, from \`benchmarks/paced-load.js\`: each counts from
the moment it was due, so a wait for a busy server is not left out. autocannon's own rate is not used here: it sends
a second's requests at the second's beginning and keeps whole milliseconds. The rate is measured in each round anew, and
all are asked at it for some seconds before the first of six turns.`,
		lines: {
			title: "Latency at half of the agent's saturation, medians of the turns",
			x: "percentile",
			y: "ms",
			scale: "log",
			tick: (x) => (x <= 1 ? "0" : `${Number((100 - 100 / x).toFixed(DIGITS))} %`),
		},
	},
	{
		part: "interruptions",
		title: "Interruptions",
		text: `What the machine itself does to a latency: two processes, as many as it has processors, that read a clock and
do nothing else (\`benchmarks/clock-reader.js\`). What is missing between two readings, nobody's code took. Where it is
about 1 % of the time, it decides what a 99th percentile is; and where the longest gap of a second is several times that
percentile, no server has a slowest request below it. Six turns in a round.`,
	},
	{
		part: "start",
		title: "Start",
		text: `From just before exec to the first 200 on \`/v1/ready\`: a file, an age key, 20 keys. The floor's first 200 comes
from the same Node.js, started the same way. Five starts of each in a round.`,
	},
	{
		part: "memory",
		title: "Memory",
		text: `Resident memory (\`VmRSS\`) of the process; 20 keys, \`GET /v1/secrets\`. The long load runs once. Executables are
read from the disk anew before, as after a boot: how the system came to hold a file decides how much of it is mapped into
each process. What Node.js itself takes under load shows in the floor, and in the command with less room for objects that
die young. The binary as its build had left it had 92 MB so, the same one 68 when it was read anew; 17 were its own.`,
		lines: {
			title: "Resident memory under full load, of itself when idle",
			x: "seconds",
			y: "ratio",
			scale: "value",
		},
	},
	{
		part: "polls",
		title: "Polls",
		text: `A source on loopback HTTP that answers 304, asked on \`SIGHUP\`, 1,000 times in a round, beside a process that
sends the same conditional request and does nothing else. What other sources take on the wire is printed by
\`npm run bench:polls\`.`,
	},
	{
		part: "refresh",
		title: "Refresh",
		text: `The library's refresh from reading an artifact to serving it, and what requests notice that a process answers
while it takes a new artifact four times a second, in two turns of three seconds in a round. Beside it lives one whose
artifact stays the same; its slowest request is there for comparison. Most of what is above it are V8's collections of old
objects, one in every fourth to seventh refresh ([why](decisions/0013-answers-in-one-turn.md)).`,
	},
	{
		part: "jit",
		title: "Just-in-time",
		text: "With `CLEF_AGENT_CACHE_TTL=0` each answer needs a decryption; requests that meet share one. Six turns in a round.",
	},
	{
		part: "growth",
		title: "Growth",
		text: `One key's answer should cost the same however many there are, and a refresh should cost the same for each byte:
what every refresh costs, however small its artifact, makes the small ones dear per byte. Six turns for answers in a
round.`,
		lines: { title: "Cost beside that of 10 keys", x: "keys", y: "ratio", scale: "log" },
	},
	{
		part: "size",
		title: "Size",
		text: `What a user installs. Nothing else comes with the npm package: cloud SDKs are in its own files. The image is the
binary and about 6 MB of libraries and certificates ([image](install/image.md)).`,
	},
	{
		part: "image",
		title: "Container image",
		text: `The image beside Node.js alone, both compressed as registries keep them, and \`podman run\` until the first
answer, beside the floor on the binary's Node.js in a container of the same image.`,
	},
];
