import { LambdaRuntimeApi, type LambdaRuntimeApiOptions } from "@clef-sh/testkit/lambda-runtime-api";
import { type Behaviour, behaviours } from "@clef-sh/testkit/servers";
import { expect, it, onTestFinished } from "vitest";
import { ExtensionsApi } from "../src/extensions-api.js";

const { signal } = new AbortController();
const FAILURE = { errorType: "Extension.ConfigInvalid", message: "It is wrong." };

async function stage(options: LambdaRuntimeApiOptions & { readonly name?: string } = {}) {
	const runtime = await LambdaRuntimeApi.start(options);
	onTestFinished(() => runtime.close());
	return { runtime, api: new ExtensionsApi(runtime.address, options.name ?? "clef-agent") };
}

it("registers under its name and learns the function's", async () => {
	const { runtime, api } = await stage();
	expect(api.isRegistered).toBe(false);
	const registered = await api.register(["INVOKE", "SHUTDOWN"]);
	expect(registered).toEqual({ functionName: "tested", functionVersion: "$LATEST" });
	expect(api.isRegistered).toBe(true);
	expect(runtime.registration).toMatchObject({ name: "clef-agent", events: ["INVOKE", "SHUTDOWN"] });
	expect(runtime.requests[0]?.url).toBe("/2020-01-01/extension/register");
});

it("waits for each event on a connection of its own", async () => {
	const { runtime, api } = await stage();
	await api.register(["INVOKE", "SHUTDOWN"]);
	const next = api.next(signal);
	await runtime.invoke(676_051);
	expect(await next).toEqual({ kind: "invoke", deadlineMs: 676_051 });
	const last = api.next(signal);
	await runtime.shutdown("TIMEOUT", () => undefined);
	expect(await last).toMatchObject({ kind: "shutdown", reason: "TIMEOUT" });
	expect(runtime.requests.map(({ headers }) => headers.connection)).toEqual(Array(3).fill("close"));
});

it("stops waiting when it is told to", async () => {
	const { runtime, api } = await stage();
	await api.register(["INVOKE"]);
	const stopping = new AbortController();
	const next = api.next(stopping.signal);
	await runtime.waiting();
	stopping.abort();
	await expect(next).rejects.toMatchObject({ code: "LAMBDA_API_UNREACHABLE" });
});

it.each(["init", "exit"] as const)("reports to %s/error", async (phase) => {
	const { runtime, api } = await stage();
	await api.register(["SHUTDOWN"]);
	await (phase === "init" ? api.reportInitError(FAILURE) : api.reportExitError(FAILURE));
	expect(runtime.errors).toEqual([
		{
			phase,
			errorType: "Extension.ConfigInvalid",
			body: { errorMessage: "It is wrong.", errorType: "Extension.ConfigInvalid", stackTrace: [] },
		},
	]);
});

it("passes on Lambda's own word for a refusal", async () => {
	const { api } = await stage({ name: "other" });
	await expect(api.register(["INVOKE", "SHUTDOWN"])).rejects.toMatchObject({
		code: "LAMBDA_API_REFUSED",
		message: expect.stringContaining("403 (Extension.InvalidEventType)"),
	});
});

const answers: readonly [string, Behaviour, RegExp][] = [
	["no identifier", behaviours.ok("{}"), /refused register: it gave no identifier/],
	["a failure", behaviours.status(500), /refused register: it answered 500;/],
	["nothing", (_, response) => response.destroy(), /broke off at register \(ECONNRESET\)/],
];

it.each(answers)("says what is wrong with a registration that gets %s", async (_, behaviour, message) => {
	const { runtime, api } = await stage();
	runtime.respondWith(behaviour);
	await expect(api.register(["INVOKE"])).rejects.toThrow(message);
	expect(api.isRegistered).toBe(false);
});

it("takes a registration without the function's name", async () => {
	const { runtime, api } = await stage();
	runtime.respondWith((_, response) =>
		response.writeHead(200, { "Lambda-Extension-Identifier": "1b2c" }).end("not json"),
	);
	expect(await api.register(["INVOKE"])).toEqual({ functionName: undefined, functionVersion: undefined });
	runtime.respondWith((_, response) =>
		response.writeHead(200, { "Lambda-Extension-Identifier": "1b2c" }).end('{"functionName":7}'),
	);
	expect(await api.register(["INVOKE"])).toEqual({ functionName: undefined, functionVersion: undefined });
});

it("does not take just anything for an event", async () => {
	const { runtime, api } = await stage();
	await api.register(["INVOKE"]);
	runtime.respondWith(behaviours.ok("<html>"));
	await expect(api.next(signal)).rejects.toMatchObject({ code: "LAMBDA_API_REFUSED" });
});

it("refuses an address that is none", () => {
	expect(() => new ExtensionsApi("not an address", "clef-agent")).toThrow(/not a host and port/);
});

it("names a connection that cannot be had", async () => {
	const { runtime, api } = await stage();
	await runtime.close();
	await expect(api.register(["INVOKE"])).rejects.toThrow(
		/\(ECONNREFUSED\); is this process started by Lambda\?/,
	);
});

it.each([
	["a word that is long", `{"errorType":"${"x".repeat(81)}"}`],
	["a word with a line break", '{"errorType":"Extension\\nFaked"}'],
	["a word that is a sentence", '{"errorType":"the password is hunter2"}'],
	["a page", "<html>hunter2"],
	["nothing", ""],
])("repeats nothing of a refusal that has %s for its reason", async (_, body) => {
	const { runtime, api } = await stage();
	runtime.respondWith((_, response) => response.writeHead(403).end(body));
	await expect(api.register(["INVOKE"])).rejects.toThrow(/ it answered 403; the file in \/opt\/extensions/);
});

it.each([
	["an empty identifier", { "Lambda-Extension-Identifier": "" }],
	["a redirect with one", { "Lambda-Extension-Identifier": "1b2c", location: "http://127.0.0.1:1/" }],
])("is not let in by %s", async (_, headers) => {
	const { runtime, api } = await stage();
	const status = "location" in headers ? 307 : 200;
	runtime.respondWith((_, response) => response.writeHead(status, headers).end("{}"));
	await expect(api.register(["INVOKE"])).rejects.toMatchObject({ code: "LAMBDA_API_REFUSED" });
	expect(api.isRegistered).toBe(false);
});

it("sends its identifier with everything but the registration", async () => {
	const { runtime, api } = await stage();
	const { identifier } = await api.register(["INVOKE"]).then(() => runtime.registered());
	await api.reportInitError(FAILURE);
	expect(runtime.requests.map(({ headers }) => headers["lambda-extension-identifier"])).toEqual([
		undefined,
		identifier,
	]);
});

it("D40 takes an event that breaks off in the middle for a connection to be had anew", async () => {
	const { runtime, api } = await stage();
	await api.register(["INVOKE"]);
	runtime.respondWith((_, response) => {
		response.writeHead(200, { "content-length": "100" }).write('{"eventType":"INVOKE"');
		setImmediate(() => response.destroy());
	});
	await expect(api.next(signal)).rejects.toMatchObject({
		code: "LAMBDA_API_UNREACHABLE",
		message: expect.stringContaining("broke off at event/next"),
	});
});
