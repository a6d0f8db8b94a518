import { createHook } from "node:async_hooks";
import { createServer } from "node:http";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { keepTickObject } from "../../src/node/tick-object.js";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

it("keeps one tick object through a full collection", async () => {
	const kept = await ticksLeftAfter(() => {
		const server = createServer();
		keepTickObject(server);
		return server;
	});
	const none = await ticksLeftAfter(() => process.nextTick(() => undefined));

	expect(kept).toBe(1);
	expect(none).toBe(0);
});

/** How many of the tick objects that this makes outlive a full collection, while what it returned is held. */
async function ticksLeftAfter(make: () => unknown): Promise<number> {
	const made: WeakRef<object>[] = [];
	const hook = createHook({
		init: (_id, type, _trigger, resource) => {
			if (type === "TickObject") made.push(new WeakRef(resource));
		},
	});
	hook.enable();
	const held = make();
	hook.disable();
	// A weak reference holds its object until the turn in which it was made is over.
	await new Promise((resolve) => setImmediate(resolve));
	collectGarbage();
	const left = made.filter((tick) => tick.deref() !== undefined).length;
	return held === null ? Number.NaN : left;
}
