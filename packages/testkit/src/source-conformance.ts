import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/** A source as any kind offers it. */
export interface SourceUnderTest {
	readonly description: string;
	read(validator: object | undefined, signal: AbortSignal): Promise<ReadResult>;
}

/** What a read answers. */
export type ReadResult =
	| { readonly kind: "modified"; readonly bytes: Uint8Array; readonly validator?: object }
	| { readonly kind: "unmodified" };

/** A source and the place it reads, for one test. */
export interface Stage {
	readonly source: SourceUnderTest;

	/** Texts that no message or description may contain: tokens, userinfo, queries. */
	readonly secrets: readonly string[];
	close(): Promise<void>;
}

/** Each way to fail, the code it must have, and whether another try may help. */
const FAULTS = {
	notFound: ["SOURCE_NOT_FOUND", false],
	unauthorized: ["SOURCE_UNAUTHORIZED", false],
	rateLimited: ["SOURCE_RATE_LIMITED", true],
	failing: ["SOURCE_UNREACHABLE", true],
	unreachable: ["SOURCE_UNREACHABLE", true],
	timeout: ["SOURCE_TIMEOUT", true],
	tooLarge: ["SOURCE_TOO_LARGE", false],
	redirected: ["SOURCE_REDIRECT_REFUSED", false],
	cutShort: ["SOURCE_UNREACHABLE", true],
	wrongContent: ["SOURCE_BAD_RESPONSE", false],
} as const satisfies Record<string, readonly [code: string, retryable: boolean]>;

/** A fault every source is asked about. */
export type FaultName = keyof typeof FAULTS;

/** How one kind is set up; where a case cannot arise, the reason stands in its place. */
export interface ConformanceSetup<S extends Stage> {
	/** Opens a place that holds these bytes. */
	open(bytes: Uint8Array): Promise<S>;

	/** Makes the place hold these bytes from now on, ending any fault. */
	readonly hold: ((stage: S, bytes: Uint8Array) => Promise<void> | void) | { readonly cannot: string };

	/**
	 * Makes the reads to come fail. What is returned runs while a read is under way, to let a limit pass.
	 */
	readonly faults: Readonly<Record<FaultName, Fault<S> | { readonly cannot: string }>>;
}

/** Causes a fault. */
export type Fault<S extends Stage> = (stage: S) => Promise<During> | During;

/** Runs after a read has begun. */
export type During = (() => Promise<void> | void) | void;

const FIRST = Buffer.from('{"first":"Zürich"}');
const SECOND = Buffer.from('{"second":true}');

/** The behaviour every kind of source shares: call it at the top of the kind's test file. */
export function describeSourceConformance<S extends Stage>(name: string, setup: ConformanceSetup<S>): void {
	describe(`${name} conforms to Source:`, () => {
		let stage: S;
		beforeEach(async () => {
			stage = await setup.open(FIRST);
		});
		afterEach(() => stage.close());

		describeReading(() => stage);
		const { hold } = setup;
		if (typeof hold !== "function") return;
		describeChanges(() => stage, hold);
		for (const [fault, cause] of Object.entries(setup.faults) as [FaultName, Fault<S>][]) {
			if (typeof cause === "function") describeFault(() => stage, hold, fault, cause);
		}
	});
}

function describeReading(stage: () => Stage): void {
	it("reads the exact bytes, with a validator that is plain data", async () => {
		const result = await modified(stage().source);
		expect(Buffer.from(result.bytes)).toEqual(FIRST);
		expect(JSON.parse(JSON.stringify(result.validator))).toEqual(result.validator);
	});

	it("gives its bytes away: changing them does not change the next read", async () => {
		(await modified(stage().source)).bytes.fill(0);
		expect(Buffer.from((await modified(stage().source)).bytes)).toEqual(FIRST);
	});

	it("says unmodified to the validator it gave, and only to that", async () => {
		const { validator } = await modified(stage().source);
		const stored = JSON.parse(JSON.stringify(validator)) as object;
		expect(await stage().source.read(stored, live())).toEqual({ kind: "unmodified" });
		expect(await stage().source.read({ etag: '"other"' }, live())).toMatchObject({ kind: "modified" });
		expect(await stage().source.read({}, live())).toMatchObject({ kind: "modified" });
	});

	it("rejects with the caller's reason when aborted", async () => {
		const reason = new DOMException("enough", "AbortError");
		await expect(stage().source.read(undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
	});

	it("T27 keeps secrets out of its description", () => {
		expect(stage().source.description).not.toBe("");
		for (const secret of stage().secrets) expect(stage().source.description).not.toContain(secret);
	});
}

function describeChanges<S extends Stage>(
	stage: () => S,
	hold: (stage: S, bytes: Uint8Array) => Promise<void> | void,
): void {
	it("reads new bytes after a change, although it is asked with the old validator", async () => {
		const { validator } = await modified(stage().source);
		await hold(stage(), SECOND);
		const result = await stage().source.read(validator, live());
		expect(result).toMatchObject({ kind: "modified" });
		expect(result.kind === "modified" && Buffer.from(result.bytes)).toEqual(SECOND);
	});
}

function describeFault<S extends Stage>(
	stage: () => S,
	hold: (stage: S, bytes: Uint8Array) => Promise<void> | void,
	fault: FaultName,
	cause: Fault<S>,
): void {
	const [code, retryable] = FAULTS[fault];
	it(`${fault} is ${code}, tells no secret (T27), and is over when the place is well again`, async () => {
		const { source, secrets } = stage();
		const { validator } = await modified(source);
		const during = await cause(stage());
		const failed = source.read(validator, live()).then(
			() => undefined,
			(error: unknown) => error,
		);
		await during?.();
		const error = await failed;
		expect(error).toMatchObject({ name: "SourceError", code, retryable });
		for (const secret of secrets) expect(printed(error)).not.toContain(secret);
		await hold(stage(), SECOND);
		expect(Buffer.from((await modified(source)).bytes)).toEqual(SECOND);
	});
}

async function modified(source: SourceUnderTest): Promise<{ bytes: Uint8Array; validator?: object }> {
	const result = await source.read(undefined, live());
	if (result.kind !== "modified") throw new RangeError("A read without a validator said unmodified.");
	return result;
}

function live(): AbortSignal {
	return new AbortController().signal;
}

/** Everything a logger could print of an error: message, stack, own fields, the whole chain of causes. */
export function printed(error: unknown): string {
	return inspect(error, { depth: null, showHidden: true, maxStringLength: null });
}
