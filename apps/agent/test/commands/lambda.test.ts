import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LambdaRuntimeApi } from "@clef-sh/testkit/lambda-runtime-api";
import { vector, vectorKeys, vectorSecrets } from "@clef-sh/testkit/vectors";
import { expect, it, onTestFinished } from "vitest";
import { runCommandLine } from "../../src/command-line.js";
import { type CapturedIo, capturedIo } from "../captured-io.js";
import { freePort } from "../free-port.js";

const SESSION_TOKEN = "IQoJb3JpZ2luX2VjEHQaCWV1LWNlbnRyYWwtMSJHMEUCIQD+/=";

/** A Lambda environment, and a world in which the command is started as its extension. */
async function world(env: Record<string, string> = {}) {
	const runtime = await LambdaRuntimeApi.start();
	onTestFinished(() => runtime.close());
	const io = capturedIo({
		env: {
			AWS_LAMBDA_RUNTIME_API: runtime.address,
			AWS_SESSION_TOKEN: SESSION_TOKEN,
			CLEF_AGENT_SOURCE: "a.json",
			CLEF_AGENT_AGE_KEY: vectorKeys.ageSecretKey,
			CLEF_AGENT_VERIFY_KEY: vectorKeys.ed25519PublicKey,
			CLEF_AGENT_PORT: String(await freePort()),
			...env,
		},
	});
	const source = join(io.cwd, "a.json");
	writeFileSync(source, vector("signed"));
	return { runtime, io: { ...io, env: { ...io.env, CLEF_AGENT_SOURCE: source } } };
}

/** Starts it, and stops it when the test ends. */
function start(io: CapturedIo, args: readonly string[] = []): Promise<number> {
	const status = runCommandLine(args, io);
	onTestFinished(async () => {
		io.process.emit("SIGTERM");
		await status;
	});
	return status;
}

async function secrets(io: CapturedIo, token: string) {
	const url = `http://127.0.0.1:${io.env.CLEF_AGENT_PORT}/v1/secrets`;
	const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
	return { status: response.status, body: await response.json() };
}

it("is what the command becomes inside Lambda, with the session token as its token", async () => {
	const { io, runtime } = await world();
	const status = start(io);
	await runtime.registered();
	expect(await secrets(io, SESSION_TOKEN)).toEqual({ status: 200, body: vectorSecrets });
	await runtime.shutdown("SPINDOWN", () => undefined);
	expect(await status).toBe(0);
	expect(io.err()).not.toContain(SESSION_TOKEN);
	for (const line of io.err().trimEnd().split("\n")) {
		expect(JSON.parse(line)).toMatchObject({ timestamp: expect.any(String), level: expect.any(String) });
	}
});

it("registers under the name it is told", async () => {
	const { io, runtime } = await world();
	void start(io, ["lambda", "--name", "other"]);
	await io.errMatching(/refused register/);
	expect(runtime.requests[0]?.headers["lambda-extension-name"]).toBe("other");
});

it("prefers a token of its own, and warns of one that nobody can know", async () => {
	const own = await world({ CLEF_AGENT_TOKEN: "a-token-of-enough-characters" });
	void start(own.io);
	await own.runtime.registered();
	expect((await secrets(own.io, SESSION_TOKEN)).status).toBe(401);
	expect((await secrets(own.io, "a-token-of-enough-characters")).status).toBe(200);

	const none = await world({ AWS_SESSION_TOKEN: "" });
	void start(none.io);
	await none.io.errMatching(/"event":"token.withheld"/);
});

it("hands a generated token over in a file where that is wanted, also beside a session token", async () => {
	const { io, runtime } = await world({ CLEF_AGENT_TOKEN_FILE: "token" });
	void start(io);
	await runtime.registered();
	expect((await secrets(io, SESSION_TOKEN)).status).toBe(401);
});

it("D40 reports a configuration that cannot work, in one line", async () => {
	const { io, runtime } = await world({ CLEF_AGENT_PORT: "none" });
	expect(await start(io)).toBe(1);
	expect(runtime.errors).toMatchObject([{ phase: "init", errorType: "Extension.ConfigInvalid" }]);
	expect(io.err()).toMatch(/^{"timestamp":[^\n]*\n$/);
});

it("D41 reports an open inspector instead of holding secrets beside it", async () => {
	const { io, runtime } = await world();
	const open = { ...io, inspectorUrl: () => "ws://127.0.0.1:9229/1" };
	expect(await start(open)).toBe(1);
	expect(runtime.errors).toMatchObject([{ phase: "init", errorType: "Extension.ConfigInvalid" }]);
});

it("is refused where there is no Lambda, and so is an address that is none", async () => {
	const io = capturedIo();
	expect(await start(io, ["lambda"])).toBe(1);
	expect(io.err()).toMatch(/AWS_LAMBDA_RUNTIME_API is not set.*\n {2}elsewhere/);
	const odd = capturedIo({ env: { AWS_LAMBDA_RUNTIME_API: "no host" } });
	expect(await start(odd)).toBe(1);
	expect(odd.err()).toMatch(/AWS_LAMBDA_RUNTIME_API is not a host and port/);
});
