import { expect, it } from "vitest";
import { parseExtensionEvent } from "../src/extension-event.js";

it("reads an invocation", () => {
	const body = { eventType: "INVOKE", deadlineMs: 676_051, requestId: "3da1f2dc", tracing: { type: "X" } };
	expect(parseExtensionEvent(JSON.stringify(body))).toEqual({ kind: "invoke", deadlineMs: 676_051 });
});

it("reads a shutdown and its reason, also one that is new", () => {
	const body = { eventType: "SHUTDOWN", deadlineMs: 42, shutdownReason: "RECYCLED" };
	expect(parseExtensionEvent(JSON.stringify(body))).toEqual({
		kind: "shutdown",
		deadlineMs: 42,
		reason: "RECYCLED",
	});
});

it("lets an event pass that does not exist yet", () => {
	expect(parseExtensionEvent('{"eventType":"RESTORE"}')).toEqual({ kind: "unknown" });
});

it.each([
	"",
	"no json",
	"null",
	"[]",
	"{}",
	'{"eventType":1}',
	'{"eventType":"INVOKE"}',
	'{"eventType":"SHUTDOWN","deadlineMs":"1"}',
])("takes %s for no event", (body) => {
	expect(parseExtensionEvent(body)).toBeUndefined();
});
