import { describe, expect, it } from "vitest";
import { conditionalHeaders, validatorOf } from "../src/conditional.js";

const DATE = "Tue, 01 Jan 2030 12:00:00 GMT";
const EARLIER = "Tue, 01 Jan 2030 11:59:59 GMT";

describe("conditionalHeaders", () => {
	it("asks with everything it has", () => {
		expect(conditionalHeaders({ etag: '"1"', lastModified: DATE })).toEqual({
			"if-none-match": '"1"',
			"if-modified-since": DATE,
		});
		expect(conditionalHeaders({ etag: 'W/"é"' })).toEqual({ "if-none-match": 'W/"é"' });
	});

	it.each(['"a"\r\nx: y', "\0", " padded ", "", '"€"', '"a\nb"', '"a\u007fb"'])(
		"does not send %j, which no header can carry",
		(etag) => {
			const headers = conditionalHeaders({ etag });
			expect(headers).toEqual({});
		},
	);

	it("asks for everything without a validator", () => {
		expect(conditionalHeaders(undefined)).toEqual({});
		expect(conditionalHeaders({})).toEqual({});
	});
});

describe("validatorOf", () => {
	it.each([
		[
			{ etag: '"1"', "last-modified": EARLIER, date: DATE },
			{ etag: '"1"', lastModified: EARLIER },
		],
		[{ etag: '"1"' }, { etag: '"1"' }],
		[{ "last-modified": EARLIER, date: DATE }, { lastModified: EARLIER }],
		[{ "last-modified": EARLIER }, { lastModified: EARLIER }],
		[{ etag: "" }, undefined],
		[{}, undefined],
	])("takes from %j", (headers, expected) => {
		expect(validatorOf(new Headers(headers))).toEqual(expected);
	});

	it("T21 does not trust a date within the second of the change", () => {
		expect(validatorOf(new Headers({ "last-modified": DATE, date: DATE }))).toBeUndefined();
		expect(validatorOf(new Headers({ etag: '"1"', "last-modified": DATE, date: DATE }))).toEqual({
			etag: '"1"',
		});
	});
});
