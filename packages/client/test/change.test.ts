import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Change, ChangeTracker, isChange } from "../src/change.js";

type Flat = Readonly<Record<string, string>>;

const tracker = () => new ChangeTracker(async (text) => `hash of ${text}`);
const namesOf = (payload: Flat) => Object.keys(payload).map((key) => `ns__${key}`);

/** What an agent that still knows the revision before tells of this one. */
function told(revision: string, payload: Flat, before?: { revision: string; payload: Flat }): Change {
	const [now, then] = [namesOf(payload), namesOf(before?.payload ?? {})];
	return {
		revision,
		since: before?.revision ?? null,
		added: now.filter((name) => !then.includes(name)),
		changed: now.filter(
			(name) => then.includes(name) && before?.payload[name.slice(4)] !== payload[name.slice(4)],
		),
		removed: then.filter((name) => !now.includes(name)),
	};
}

describe("what is reported", () => {
	const payload = fc.dictionary(fc.constantFrom("A", "B", "C", "__proto__"), fc.constantFrom("1", "2"), {
		noNullPrototype: false,
	});
	const step = fc.record({ payload, by: fc.constantFrom("event", "anew", "missed", "secrets", "again") });

	it("adds up to what the agent has, misses no value that changed, and repeats nothing", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
				const tracked = tracker();
				let names = new Set<string>();
				let reported: { revision: string; payload: Flat } | undefined;
				let served: { revision: string; payload: Flat } | undefined;
				for (const [index, { by, payload: next }] of steps.entries()) {
					const before = served;
					if (by !== "again") served = { revision: `r ${index}`, payload: next };
					// Nobody hears of one that is missed.
					if (served === undefined || by === "missed") continue;
					const { revision } = served;
					const since = by === "anew" ? undefined : before;
					const change =
						by === "secrets"
							? await tracked.takeSecrets(encodeURIComponent(revision), { ns: served.payload })
							: tracked.takeEvent(told(revision, served.payload, since));
					if (change === "gap") {
						expect(before?.revision).not.toBe(reported?.revision);
						continue;
					}
					if (change === "known" || change === undefined) {
						expect(revision).toBe(reported?.revision);
						continue;
					}
					expect(revision).not.toBe(reported?.revision);
					expect(change).toMatchObject({ revision, since: reported?.revision ?? null });
					names = new Set([...names, ...change.added].filter((name) => !change.removed.includes(name)));
					expect([...names].sort()).toEqual(namesOf(served.payload).sort());
					const known = reported?.payload ?? {};
					for (const [key, value] of Object.entries(served.payload)) {
						if (!Object.hasOwn(known, key)) expect(change.added).toContain(`ns__${key}`);
						else if (known[key] !== value) expect(change.changed).toContain(`ns__${key}`);
					}
					reported = served;
					expect(tracked.tag).toBe(encodeURIComponent(revision));
				}
			}),
		);
	});

	it("has in `changed` only what differs, when both revisions were read as a whole", async () => {
		const tracked = tracker();
		await tracked.takeSecrets("r1", { a: { X: "1", Y: "1" }, flat: "1" });
		expect(await tracked.takeSecrets("r2", { a: { X: "2", Y: "1" }, flat: "1" })).toEqual({
			revision: "r2",
			since: "r1",
			added: [],
			changed: ["a__X"],
			removed: [],
		});
	});

	it("has every name that both have in `changed`, where an event came in between without values", async () => {
		const tracked = tracker();
		await tracked.takeSecrets("r1", { A: "1", B: "1" });
		tracked.takeEvent({ revision: "r2", since: "r1", added: [], changed: ["A"], removed: [] });
		expect(await tracked.takeSecrets("r3", { A: "1", B: "1" })).toMatchObject({ changed: ["A", "B"] });
	});
});

describe("the tag", () => {
	it.each([
		["plain-1.0:x", "plain-1.0:x"],
		["a b/ü", "a%20b%2F%C3%BC"],
		["100%", "100%25"],
		["half \ud800", "half%20%EF%BF%BD"],
		['quote"', "quote%22"],
	])("of %j is what the agent writes into headers", (revision, tag) => {
		const tracked = tracker();
		tracked.takeEvent({ revision, since: null, added: [], changed: [], removed: [] });
		expect(tracked.tag).toBe(tag);
	});

	it("that is not percent-encoded names the revision as it is", async () => {
		expect(await tracker().takeSecrets("50%", {})).toMatchObject({ revision: "50%" });
	});
});

describe("the data of an event", () => {
	const good: Change = { revision: "r", since: null, added: [], changed: [], removed: [] };

	it.each([good, { ...good, since: "q", added: ["A"], later: 1 }])("is %j", (data) => {
		expect(isChange(data)).toBe(true);
	});

	it.each([
		null,
		[],
		"text",
		{},
		{ ...good, revision: 1 },
		{ ...good, since: undefined },
		{ ...good, since: 1 },
		{ ...good, added: "A" },
		{ ...good, changed: [null] },
		{ ...good, removed: { 0: "A" } },
	])("is not %j", (data) => {
		expect(isChange(data)).toBe(false);
	});
});
