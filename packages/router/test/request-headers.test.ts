import fc from "fast-check";
import { expect, it } from "vitest";
import { RawHeaders } from "../src/request-headers.js";

it("finds a name in whatever case it was sent, and joins the values of a repeated one", () => {
	const headers = new RawHeaders(["Via", "a", "HOST", "localhost", "via", "b", "Vib", "c"]);
	expect(headers.get("host")).toBe("localhost");
	expect(headers.get("via")).toBe("a, b");
	expect(headers.has("vib")).toBe(true);
});

it("tells an empty value from one that was not sent", () => {
	const headers = new RawHeaders(["Origin", ""]);
	expect([headers.get("origin"), headers.has("origin")]).toEqual(["", true]);
	expect([headers.get("accept"), headers.has("accept")]).toEqual([null, false]);
	expect(new RawHeaders([]).has("origin")).toBe(false);
});

it("L33 finds names of every length, and takes none for another that is 32 longer", () => {
	const names = Array.from({ length: 70 }, (_, index) => "x".repeat(index + 1));
	const headers = new RawHeaders(names.flatMap((name) => [name.toUpperCase(), String(name.length)]));
	for (const name of names)
		expect([headers.get(name), headers.has(name)]).toEqual([String(name.length), true]);
	const alone = new RawHeaders(["via", "a"]);
	expect([alone.get("v".repeat(35)), alone.has("v".repeat(35))]).toEqual([null, false]);
});

it("L33 reads what a Headers of Fetch reads", () => {
	const name = fc.constantFrom("host", "Host", "VIA", "via", "x-a", "X-A", "x-b");
	const value = fc.string({ unit: fc.constantFrom("a", "b", ",", "1"), maxLength: 3 });
	fc.assert(
		fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (sent) => {
			const raw = new RawHeaders(sent.flat());
			const fetched = new Headers(sent);
			for (const asked of ["host", "via", "x-a", "x-b", "x-c"]) {
				expect(raw.get(asked)).toBe(fetched.get(asked));
				expect(raw.has(asked)).toBe(fetched.has(asked));
			}
		}),
	);
});
