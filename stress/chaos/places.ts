import { behaviours } from "@clef-sh/testkit/servers";
import { type ArtifactEdition, type Edition, iso, type Press } from "./artifacts.js";
import type { Dice } from "./dice.js";
import type { Place } from "./source.js";

/** What a place is made from: all that was seen so far. */
export interface PlaceContext {
	readonly dice: Dice;
	readonly press: Press;
	readonly clock: { now(): number };
	/** Sound artifacts, oldest first. */
	readonly sound: ArtifactEdition[];
	readonly source: { readonly offered: readonly Edition[] };
	/** Whose signatures agents believe. */
	readonly signers: readonly string[];
	/** Whether the test can wait until a date that lies minutes ahead has passed. */
	readonly canWait: boolean;
	/** The longest time that the source asked to be left alone. */
	longestWaitMs: number;
}

/** Makes something for the place to answer, from what the world has seen so far. */
export interface PlaceKind {
	readonly name: string;
	readonly weight: number;
	readonly make: (world: PlaceContext) => Place | Promise<Place>;
}

const MINUTE_MS = 60_000;
const YEAR_9999 = "9999-12-31T23:59:59.000Z";

/** Answers that hold an artifact of some kind. */
const EDITIONS: readonly (readonly [string, number, (world: PlaceContext) => Edition | Promise<Edition>])[] =
	[
		["same", 6, latest],
		["newer", 16, (world) => newer(world)],
		["near-future", 1, (world) => newer(world, { aheadMs: world.canWait ? 4 * MINUTE_MS : 0 })],
		["expiring-soon", 4, (world) => newer(world, { livesMs: world.dice.between(2, 120) * 1000 })],
		[
			"rolled-back",
			5,
			(world) => world.dice.pick(asTuple(world.sound.slice(-world.dice.pick([2, 3, 5, 50])))),
		],
		["equivocated", 3, equivocated],
		["tampered", 2, (world) => world.press.tampered(latest(world), false)],
		["tampered-rehashed", 2, (world) => world.press.tampered(latest(world), true)],
		["unsigned", 2, (world) => world.press.resigned(latest(world), false)],
		["unsigned-new", 2, (world) => odd(world, { signer: false })],
		["untrusted", 2, (world) => world.press.resigned(latest(world), "x")],
		["untrusted-new", 2, (world) => odd(world, { signer: "x" })],
		["other-identity", 2, (world) => odd(world, { signer: "a", identity: "somebody-else" })],
		[
			"from-future",
			2,
			(world) => odd(world, { signer: "a", aheadMs: world.dice.between(6, 600_000) * MINUTE_MS }),
		],
		["expired", 2, (world) => odd(world, { signer: "a", livesMs: -world.dice.between(0, 600) * 1000 })],
		["hopeless", 3, (world) => odd(world, { signer: "a", isHopeless: true })],
		["revoked", 5, (world) => revokedOne(world, latest(world))],
		["revoked-older", 2, (world) => revokedOne(world, world.dice.pick(asTuple(world.sound.slice(-4))))],
		["bare-revocation", 2, (world) => world.press.bareRevocation(revokedAt(world))],
		["replay", 6, (world) => world.dice.pick(asTuple(world.source.offered))],
		["garbage", 2, garbage],
	];

/** Answers that nobody may take for an artifact. */
const FAILURES: readonly (readonly [
	string,
	number,
	(world: PlaceContext) => ReturnType<typeof behaviours.html>,
])[] = [
	["html", 1, () => behaviours.html()],
	["redirect", 1, () => behaviours.redirect("http://169.254.169.254/latest/meta-data")],
	["500", 2, () => behaviours.status(500)],
	["404", 1, () => behaviours.status(404)],
	["429", 1, (world) => behaviours.status(429, retryAfter(world))],
	["503", 1, (world) => behaviours.status(503, retryAfter(world))],
	["reset", 2, () => (_request, response) => void response.socket?.destroy()],
	["cut", 1, (world) => behaviours.cutShort(latest(world).bytes.subarray(0, world.dice.between(1, 400)))],
	[
		"lying-length",
		1,
		(world) => behaviours.lyingLength(latest(world).bytes, world.dice.between(5_000, 60_000)),
	],
	["partial", 1, (world) => behaviours.partial(latest(world).bytes)],
	["bomb", 1, () => bomb],
	["no-http", 1, () => behaviours.noHttp()],
	["broken-gzip", 1, () => behaviours.brokenGzip()],
];

const bomb = behaviours.gzipBomb(1);

/** Everything a place can do but answer slowly. */
export const PLACES: readonly PlaceKind[] = [
	...EDITIONS.map(([name, weight, make]) => ({
		name,
		weight,
		make: async (world: PlaceContext): Promise<Place> => {
			const isTagged = world.dice.chance(0.9);
			return { kind: "honest", isTagged, edition: await make(world) };
		},
	})),
	...FAILURES.map(([name, weight, make]) => ({
		name,
		weight,
		make: (world: PlaceContext): Place => ({ kind: "failure", behaviour: make(world) }),
	})),
	{ name: "unmodified", weight: 4, make: () => ({ kind: "unmodified" }) },
	{ name: "silence", weight: 1, make: () => ({ kind: "hang", behaviour: behaviours.silence() }) },
	{
		name: "headers-only",
		weight: 1,
		make: () => ({ kind: "hang", behaviour: behaviours.hangAfterHeaders() }),
	},
	{ name: "first-byte", weight: 1, make: () => ({ kind: "hang", behaviour: behaviours.firstByte() }) },
];

/** The newest sound artifact. */
export function latest({ sound }: PlaceContext): ArtifactEdition {
	return asTuple(sound)[sound.length - 1] ?? asTuple(sound)[0];
}

interface Oddity {
	readonly signer?: string | false;
	readonly identity?: string;
	readonly aheadMs?: number;
	readonly livesMs?: number;
	readonly isHopeless?: boolean;
}

/** Packs again, as the owner of the secrets would. */
export async function newer(world: PlaceContext, oddity: Oddity = {}): Promise<ArtifactEdition> {
	const { dice, signers } = world;
	const signer = dice.pick(["a", ...signers]);
	const livesMs = dice.chance(0.3) ? dice.between(100, 4_000) * 1000 : undefined;
	const edition = await odd(world, { signer, ...(livesMs === undefined ? {} : { livesMs }), ...oddity });
	world.sound.push(edition);
	return edition;
}

function odd(world: PlaceContext, { aheadMs = 0, livesMs, ...rest }: Oddity): Promise<ArtifactEdition> {
	const wallMs = world.clock.now();
	const expiry = livesMs === undefined ? {} : { expiresAtMs: wallMs + livesMs };
	return world.press.artifact({ signer: "a", ...rest, packedAtMs: wallMs + aheadMs, ...expiry });
}

/** The revision of the newest artifact, with other content. */
function equivocated(world: PlaceContext): Promise<ArtifactEdition> {
	const { facts } = latest(world);
	const { revision, signer = "a" } = facts;
	const packedAtMs = facts.packedAtMs + world.dice.pick([0, 0, 1000, -1000]);
	return world.press.artifact({ revision, signer, packedAtMs });
}

function revokedOne(world: PlaceContext, edition: ArtifactEdition): Edition {
	return world.press.revoked(edition, revokedAt(world));
}

function revokedAt({ canWait, clock, dice }: PlaceContext): unknown {
	const now = clock.now();
	return dice.pick<unknown>([
		iso(now),
		iso(now - 3_600_000),
		iso(now - 1000),
		iso(canWait ? now + 2 * MINUTE_MS : now),
		YEAR_9999,
		"soon",
		true,
		1,
	]);
}

function garbage({ dice, press }: PlaceContext): Edition {
	const noise = Array.from({ length: 64 }, () => String.fromCharCode(dice.between(1, 255))).join("");
	return press.junk(dice.pick(["", "{", "{}", "null", "[]", '{"version":2}', "<html></html>", noise]));
}

function retryAfter(world: PlaceContext): { readonly "retry-after": string } {
	const seconds = world.dice.between(1, 120);
	world.longestWaitMs = Math.max(world.longestWaitMs, seconds * 1000);
	const isDate = world.dice.chance(0.3);
	return {
		"retry-after": isDate ? new Date(world.clock.now() + seconds * 1000).toUTCString() : String(seconds),
	};
}

function asTuple<T>(list: readonly T[]): readonly [T, ...T[]] {
	const [first, ...rest] = list;
	if (first === undefined) throw new RangeError("nothing to choose from");
	return [first, ...rest];
}
