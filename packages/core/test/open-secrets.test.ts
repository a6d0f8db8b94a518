import { atOnce, parseSecrets } from "@clef-sh/artifact";
import { vectorSecrets } from "@clef-sh/testkit/vectors";
import { describe, expect, it } from "vitest";
import { ServedSecrets } from "../src/open-secrets.js";

const served = (payload: unknown): ServedSecrets => {
	return open(JSON.stringify(payload));
};
const open = (payload: string): ServedSecrets => {
	const secrets = parseSecrets(Buffer.from(payload), (sentence) => new TypeError(sentence));
	return new ServedSecrets("r1", secrets, atOnce(secrets.serialise(Number.POSITIVE_INFINITY)));
};
const wiped = (body: Buffer | undefined): boolean => body?.every((byte) => byte === 0) === true;

describe("body", () => {
	it("is the payload as packed, serialised once", () => {
		const secrets = served(vectorSecrets);
		const body = secrets.body("packed");
		expect(JSON.parse(String(body))).toEqual(vectorSecrets);
		expect(secrets.body("packed")).toBe(body);
	});

	it("flattens once, to names that cannot be confused", () => {
		const secrets = served({ a: { K: "1" }, b: { K: "2" } });
		const flat = secrets.body("flat");
		expect(JSON.parse(String(flat))).toEqual({ a__K: "1", b__K: "2" });
		expect(secrets.body("flat")).toBe(flat);
	});

	it("is one and the same for a flat payload", () => {
		const secrets = served({ K: "1" });
		expect(secrets.body("flat")).toBe(secrets.body("packed"));
	});

	it("A16 has no flat form when two secrets would get one name", () => {
		expect(served({ a__b: { c: "1" }, a: { b__c: "2" } }).body("flat")).toBeUndefined();
	});

	it("A16 carries __proto__ and its like as ordinary names", () => {
		const payload = '{"__proto__":{"constructor":"a"},"toString":{"__proto__":"b"}}';
		expect(String(open(payload).body("packed"))).toBe(payload);
	});
});

describe("wiping", () => {
	it("happens at retirement when nobody reads", () => {
		const secrets = served({ a: { K: "1" } });
		const [packed, flat] = [secrets.body("packed"), secrets.body("flat")];
		secrets.retire();
		expect([wiped(packed), wiped(flat)]).toEqual([true, true]);
	});

	it("waits for the last of several readers, and counts each release once", () => {
		const secrets = served({ K: "1" });
		const body = secrets.body("packed");
		const [first, second] = [secrets.retain(), secrets.retain()];
		secrets.retire();
		first();
		first();
		expect(wiped(body)).toBe(false);
		second();
		expect(wiped(body)).toBe(true);
	});

	it("takes a flat body along that the last reader asked for only after retirement", () => {
		const secrets = served({ a: { K: "1" } });
		const release = secrets.retain();
		secrets.retire();
		const flat = secrets.body("flat");
		expect(String(flat)).toBe('{"a__K":"1"}');
		release();
		expect(wiped(flat)).toBe(true);
	});

	it("does not happen while somebody reads who came after another had left", () => {
		const secrets = served({ K: "1" });
		secrets.retain()();
		const release = secrets.retain();
		secrets.retire();
		expect(wiped(secrets.body("packed"))).toBe(false);
		release();
		expect(wiped(secrets.body("packed"))).toBe(true);
	});

	it("does not happen before retirement", () => {
		const secrets = served({ K: "1" });
		secrets.retain()();
		expect(wiped(secrets.body("packed"))).toBe(false);
	});
});
