import { parseSecrets } from "@clef-sh/artifact";
import type { Secrets } from "@clef-sh/core";
import { settle } from "@clef-sh/testkit/clock";
import { expect, it } from "vitest";
import { ChangeWatch } from "../../src/exec/change-watch.js";
import type { ChangeReaction } from "../../src/exec/exec-options.js";
import { News } from "../../src/exec/news.js";
import { secretVariables } from "../../src/exec/secret-variables.js";
import { createLog } from "../../src/log.js";
import { capturedIo } from "../captured-io.js";
import { type Deferred, deferred } from "../deferred.js";

function secretsOf(flat: object): Secrets {
	return parseSecrets(Buffer.from(JSON.stringify(flat)), (message) => new RangeError(message));
}

/** A watch over secrets that the test changes; `told` is what the command is told. */
function stage(reaction: ChangeReaction) {
	const io = capturedIo();
	const log = createLog(io.stderr, { level: "info", format: "text" });
	const news = new News();
	const waits: Deferred[] = [];
	const told: unknown[] = [];
	const source: { now: Secrets | undefined } = { now: undefined };
	const command = {
		replace: (env: object) => told.push({ ...env }),
		pass: (signal: string) => told.push(signal),
	};
	const watch = new ChangeWatch(
		{ A: "1" },
		{
			...{ news, command, reaction, log },
			secrets: async () => source.now,
			variablesOf: (secrets) => secretVariables(secrets, { prefix: "", only: undefined, mapped: [] }),
			environment: (variables) => ({ HOME: "/", ...variables }),
			after: () => {
				const wait = deferred();
				waits.push(wait);
				return wait.promise;
			},
		},
	);
	const failure = watch.follow().catch((error: unknown) => error);
	const publish = (flat: object | undefined): void => {
		source.now = flat === undefined ? undefined : secretsOf(flat);
		news.tell();
	};
	/** Publishes, and lets the quiet time pass. */
	const look = async (flat: object | undefined): Promise<void> => {
		publish(flat);
		await settle();
		waits.at(-1)?.resolve();
		await settle();
	};
	return { failure, io, look, news, publish, source, told, waits };
}

it("starts the command again with the whole environment", async () => {
	const { io, look, told } = stage({ kind: "restart" });
	await look({ A: "2", B: "new" });
	expect(told).toEqual([{ HOME: "/", A: "2", B: "new" }]);
	expect(io.err()).toContain("changed: A, B; starting the command again");
});

it("sends a signal, or nothing", async () => {
	const signalling = stage({ kind: "signal", signal: "SIGHUP" });
	await signalling.look({ A: "2" });
	await signalling.look({ A: "2" });
	expect(signalling.told).toEqual(["SIGHUP"]);
	const keeping = stage({ kind: "keep" });
	await keeping.look({ A: "2" });
	expect(keeping.told).toEqual([]);
	expect(keeping.io.err()).toContain("changed: A; the command keeps what it has");
});

it("does nothing when the values are the same, or none can be had", async () => {
	const { io, look, told } = stage({ kind: "restart" });
	await look({ A: "1" });
	await look(undefined);
	expect({ told, log: io.err() }).toEqual({ told: [], log: "" });
});

it("waits until it is quiet, but not for ever", async () => {
	const { publish, told, waits } = stage({ kind: "restart" });
	publish({ A: "2" });
	await settle();
	for (let wait = 0; wait < 9; wait += 1) {
		publish({ A: `3.${wait}` });
		waits[wait]?.resolve();
		await settle();
		expect(told).toEqual([]);
	}
	publish({ A: "4" });
	waits[9]?.resolve();
	await settle();
	expect(told).toEqual([{ HOME: "/", A: "4" }]);
});

it("D39 says once per trouble that secrets cannot be an environment, and goes on", async () => {
	const { io, look, told } = stage({ kind: "restart" });
	await look({ A: "2", PATH: "/evil" });
	await look({ A: "3", PATH: "/evil" });
	expect(io.err().match(/"PATH"[^\n]*the command goes on with what it has/g)).toHaveLength(1);
	expect(told).toEqual([]);
	await look({ A: "4" });
	await look({ A: "5", PATH: "/evil" });
	expect(io.err().match(/goes on with what it has/g)).toHaveLength(2);
	expect(told).toHaveLength(1);
});

it("fails with what nobody expected", async () => {
	const { failure, look } = stage({ kind: "restart" });
	const broken = { reveal: () => JSON.parse("broken") };
	await look({ A: "1" });
	const other = stage({ kind: "restart" });
	other.source.now = broken as unknown as Secrets;
	other.news.tell();
	await settle();
	other.waits[0]?.resolve();
	expect(await other.failure).toBeInstanceOf(SyntaxError);
	expect(await Promise.race([failure, settle().then(() => "waiting")])).toBe("waiting");
});
