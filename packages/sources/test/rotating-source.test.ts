import { describe, expect, it } from "vitest";
import { createSource, type Source, SourceError } from "../src/index.js";
import { RotatingSource } from "../src/rotating-source.js";

const BYTES = Buffer.from("the artifact");
const signal = new AbortController().signal;

/** A place that takes certain tokens, and a file with a token in it. */
function place(first = "old") {
	const state = {
		accepted: new Set([first]),
		/** What a refused token gets to hear. */
		refusal: "SOURCE_UNAUTHORIZED" as "SOURCE_UNAUTHORIZED" | "SOURCE_NOT_FOUND",
		down: false,
		/** A token that gets no answer. */
		downFor: undefined as string | undefined,
		file: first as string | Error,
		tried: [] as string[],
	};
	const sourceWith = (token: string): Source => {
		if (/\s/.test(token)) throw new SourceError("SOURCE_UNAUTHORIZED", "The token has spaces; set it again.");
		return {
			type: "http",
			description: "https://place.example/a",
			async read() {
				state.tried.push(token);
				if (state.down || state.downFor === token) throw new SourceError("SOURCE_UNREACHABLE", "Down.");
				if (state.accepted.has(token)) return { kind: "modified", bytes: BYTES };
				throw new SourceError(state.refusal, `The token is refused: ${token}.`);
			},
		};
	};
	const reread = async () => {
		if (state.file instanceof Error) throw state.file;
		return state.file;
	};
	const source = new RotatingSource(reread, first, sourceWith);
	return { state, source, read: () => source.read(undefined, signal) };
}

describe("RotatingSource", () => {
	it("is the place it reads", () => {
		const { source } = place();
		expect(source).toMatchObject({ type: "http", description: "https://place.example/a" });
		source.watch(() => undefined).close();
	});

	it("D38 reads with what the file holds now, and no longer with what it held before", async () => {
		const { read, source, state } = place();
		await read();
		state.file = "\uFEFFnew\r\n";
		state.accepted = new Set(["new"]);
		await read();
		await read();
		expect(state.tried).toEqual(["old", "new", "new"]);
		expect(source.credentialProblem).toBeUndefined();
	});

	it.each(["SOURCE_UNAUTHORIZED", "SOURCE_NOT_FOUND"] as const)(
		"D38 keeps the old token until the new one works, where a refusal reads %s",
		async (refusal) => {
			const { read, source, state } = place();
			state.refusal = refusal;
			await read();
			state.file = "new";
			await expect(read()).resolves.toMatchObject({ bytes: BYTES });
			expect(source.credentialProblem?.message).toMatch(/^The new token is refused, and the one before it/);
			state.accepted = new Set(["new"]);
			await read();
			expect(source.credentialProblem).toBeUndefined();
			state.accepted = new Set(["old"]);
			await expect(read()).rejects.toMatchObject({ code: refusal });
		},
	);

	it("D38 keeps the last token that worked through several that do not", async () => {
		const { read, state } = place();
		await read();
		for (const text of ["one", "two", "three"]) {
			state.file = text;
			await expect(read()).resolves.toMatchObject({ bytes: BYTES });
		}
		expect(state.tried).toEqual(["old", "one", "old", "two", "old", "three", "old"]);
	});

	it.each<[string, string | Error, RegExp]>([
		["emptied", " \n", /is empty; the token before it stays in use/],
		["unreadable", Object.assign(new RangeError("secret"), { code: "EACCES" }), /cannot be read \(EACCES\)/],
		["unreadable for an unknown reason", new RangeError("secret"), /cannot be read; /],
		["unusable", "two words", /^The token has spaces; set it again\.$/],
	])("D38 keeps the old token while the file is %s, and says so", async (_, file, problem) => {
		const { read, source, state } = place();
		await read();
		state.file = file;
		await expect(read()).resolves.toMatchObject({ bytes: BYTES });
		expect(source.credentialProblem?.message).toMatch(problem);
		expect(source.credentialProblem?.message).not.toContain("secret");
		state.file = "old";
		await read();
		expect(source.credentialProblem).toBeUndefined();
	});

	it("D38 says both when neither the old token nor the file is of use", async () => {
		const { read, state } = place();
		await read();
		state.file = "";
		state.accepted.clear();
		await expect(read()).rejects.toThrow(/^The token is refused: old\. The file with the token .* is empty/);
	});

	it("D38 says of the newest token that it is refused, and not that another works, when both are", async () => {
		const { read, source, state } = place();
		await read();
		state.file = "new";
		state.accepted.clear();
		await expect(read()).rejects.toThrow("The token is refused: new.");
		expect(state.tried).toEqual(["old", "new", "old"]);
		expect(source.credentialProblem).toBeUndefined();
		state.file = "";
		await expect(read()).rejects.toThrow(/^The token is refused: new\. The file with the token .* is empty/);
	});

	it("D38 says what kept the older token from being tried", async () => {
		const { read, source, state } = place();
		await read();
		state.file = "new";
		state.downFor = "old";
		await expect(read()).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
		expect(source.credentialProblem).toBeUndefined();
	});

	it("D38 does not try another token because the place is down", async () => {
		const { read, state } = place();
		await read();
		state.file = "new";
		state.down = true;
		await expect(read()).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
		expect(state.tried).toEqual(["old", "new"]);
		state.down = false;
		await expect(read()).resolves.toMatchObject({ bytes: BYTES });
	});

	it("does not hide a defect", async () => {
		const { source } = place();
		const failing = new RotatingSource(
			async () => "new",
			"old",
			(token) => {
				if (token === "new") throw new TypeError("a defect");
				return source;
			},
		);
		await expect(failing.read(undefined, signal)).rejects.toThrow(TypeError);
	});
});

it.each([
	{ kind: "http", url: "https://example.org/a" },
	{ kind: "github", repo: "o/r", identity: "a", environment: "b" },
	{ kind: "gitlab", repo: "o/r", identity: "a", environment: "b" },
	{ kind: "bitbucket", repo: "o/r", identity: "a", environment: "b" },
] as const)("D38 $kind follows its token's file when told to", (options) => {
	const rereadToken = async () => "new";
	expect(createSource({ ...options, token: "old", rereadToken })).toBeInstanceOf(RotatingSource);
	expect(createSource({ ...options, token: "old" })).not.toBeInstanceOf(RotatingSource);
});
