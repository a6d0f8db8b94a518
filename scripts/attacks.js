// Attacks and faults that the agent survives. docs/threat-model.md is made from this by docs.js, and
// check-attacks.js looks for the tests that have these numbers in their titles.

/**
 * `needsVerifyKey`: the defence holds only with a verify key. `notBuilt`: why there is nothing to attack yet.
 * @typedef {{ number: string, attack: string, defence: string, needsVerifyKey?: true, notBuilt?: string }} Attack
 */

/** @type {readonly Attack[]} */
const ARTIFACT = [
	{
		number: "A1",
		attack: "An older artifact, validly signed, is put back",
		defence: "`packedAt` never goes backwards per signing key; with a cache path not after a restart either",
		needsVerifyKey: true,
	},
	{
		number: "A2",
		attack: "The newest artifact is replayed for ever",
		defence: "`expiresAt` is judged at every read by the agent's own clock",
	},
	{
		number: "A3",
		attack: "`packedAt` far in the future",
		defence: "refused beyond five minutes; one floor per key, so that a new key is not locked out",
		needsVerifyKey: true,
	},
	{
		number: "A4",
		attack: "`expiresAt` passes while the source says that nothing changed",
		defence: "503 on time, cached and just-in-time",
	},
	{
		number: "A5",
		attack: "Same revision, other ciphertext, unsigned",
		defence:
			"every check runs on every body; without a verify key, what cannot be opened still replaces nothing, in either mode",
		needsVerifyKey: true,
	},
	{
		number: "A6",
		attack: "Same revision, other content, both signed",
		defence: "the second version is refused",
		needsVerifyKey: true,
	},
	{
		number: "A7",
		attack: "An artifact for another service or environment",
		defence: "identity and environment are signed, and compared when configured",
	},
	{
		number: "A8",
		attack: "Unsigned and expired",
		defence: "refused for its signature; nothing is wiped",
		needsVerifyKey: true,
	},
	{
		number: "A9",
		attack: "A revoked artifact is replayed",
		defence: "revocation holds until something newer is packed; without a cache path a restart forgets it",
	},
	{
		number: "A10",
		attack: "Signature stripped, mislabelled or in another encoding; verify key of another kind",
		defence: "refused, such a key at the start; the algorithm comes from the key",
		needsVerifyKey: true,
	},
	{ number: "A11", attack: "Fields run into each other", defence: "control characters are malformed" },
	{ number: "A12", attack: "Sloppy base64", defence: "what is not canonical is malformed" },
	{
		number: "A13",
		attack: "Tag, IV or data key of a wrong length",
		defence: "sizes are checked before anything is used",
	},
	{
		number: "A14",
		attack: "Hostile age file or key file",
		defence: "bounded work; every key is tried; one clear error",
	},
	{
		number: "A15",
		attack: "Envelope with an unknown provider or a foreign key id; a KMS that throttles",
		defence: "verified, and refused, before any call to a KMS; last good kept",
	},
	{
		number: "A16",
		attack: "Hostile payload names and values",
		defence: "exact values or a refusal by name; no prototype is touched",
	},
];

/** @type {readonly Attack[]} */
const TRANSPORT = [
	{ number: "T17", attack: "Compressed bomb", defence: "cut off at the cap while streaming" },
	{
		number: "T18",
		attack: "Body without end, cut short or with a false length",
		defence: "capped or refused; never replaces good secrets",
	},
	{
		number: "T19",
		attack: "Silent or dripping server",
		defence: "deadlines for headers, idle and total; polling goes on",
	},
	{
		number: "T20",
		attack: "Redirect into the network or to another origin",
		defence: "only the same https origin is followed; credentials never go to another one",
	},
	{
		number: "T21",
		attack: "Login page, 206, 304 out of nowhere, an entity tag used again",
		defence: "refused; last good kept, in memory and on disk",
	},
	{
		number: "T22",
		attack: "Throttling, storms of errors and restarts",
		defence: "`Retry-After` honoured, back-off with jitter",
	},
	{ number: "T23", attack: "Absurd dates", defence: "timers clamped; what is not a moment is malformed" },
	{
		number: "T24",
		attack: "Clock jumps, pauses, freezes",
		defence: "ages from a monotonic clock; recovers by itself",
	},
	{
		number: "T25",
		attack: "Answers out of order",
		defence: "one flight at a time; older never replaces newer",
	},
	{
		number: "T26",
		attack: "An outage longer than the TTL",
		defence: "loads again by itself, unchanged content too",
	},
	{
		number: "T27",
		attack: "Credentials of the source: tokens, signed URLs, proxy passwords",
		defence: "never in logs, errors or events",
	},
];

/** @type {readonly Attack[]} */
const LOCAL_API = [
	{
		number: "L28",
		attack: "DNS rebinding",
		defence: "`Host` must be 127.0.0.1 or localhost, once, on every path",
	},
	{ number: "L29", attack: "Web pages", defence: "refused by header before any secret is looked up" },
	{
		number: "L30",
		attack: "Tricked proxies (SSRF)",
		defence: "refused by header before any secret is looked up",
	},
	{
		number: "L31",
		attack: "Guessing the token",
		defence: "compared in constant time over digests; never in logs or errors",
	},
	{
		number: "L32",
		attack: "Slow, many or contradictory connections",
		defence: "bounded; health still answers",
	},
	{ number: "L33", attack: "Malformed paths, odd methods", defence: "uniform JSON refusals" },
	{ number: "L34", attack: "Another process has the port", defence: "refuses to start" },
];

/** @type {readonly Attack[]} */
const MACHINE = [
	{
		number: "D35",
		attack: "Cache directory that is a trap, damaged, full, foreign or shared",
		defence:
			"a folder of its own, 0700; links are not followed; verified again when read; otherwise the agent goes on without it",
	},
	{
		number: "D36",
		attack: "SIGTERM at a bad moment, or twice",
		defence: "stops within 5 s with memory wiped",
	},
	{ number: "D37", attack: "A storm of SIGHUP", defence: "refreshes coalesce" },
	{
		number: "D38",
		attack: "Key or token file rotated, emptied, unreadable",
		defence: "one clear error at the start; afterwards the old one works until a new one does",
	},
	{
		number: "D39",
		attack:
			"`exec`: secrets named like `PATH` or `LD_PRELOAD`, a NUL in a value, too large an environment, a command that does not stop",
		defence: "refused by name; SIGKILL after `--grace`; 128+n; the agent's own credentials are not handed on",
	},
	{
		number: "D40",
		attack:
			"Lambda: source down at init, an event hours away, a freeze or shutdown during a refresh, an old snapshot",
		defence:
			"503 or `init/error`, as configured; ages count frozen time; nothing in a snapshot is fresh; a read that a freeze cut begins anew",
	},
	{
		number: "D41",
		attack: "Inspector and core dumps",
		defence:
			"no inspector on `SIGUSR1`, no start with an open one; core dumps are for you to [switch off](#known-limits)",
	},
];

/** All attacks, in the order of the threat model. */
export const ATTACKS = [...ARTIFACT, ...TRANSPORT, ...LOCAL_API, ...MACHINE];
