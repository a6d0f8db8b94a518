import { AgentError } from "@clef-sh/core";
import { describe, expect, it } from "vitest";
import { RotatingToken } from "../src/rotating-token.js";

/** A token over a file that holds what the test says, or fails as it says. */
function rotating() {
	const file: { holds: string | Error } = { holds: "first" };
	const warnings: string[] = [];
	const reread = async () => {
		if (file.holds instanceof Error) throw file.holds;
		return file.holds;
	};
	return { file, warnings, token: new RotatingToken("first", reread, (sentence) => warnings.push(sentence)) };
}

describe("RotatingToken", () => {
	it("D38 takes what its file holds now", async () => {
		const { file, token } = rotating();
		file.holds = "second";
		expect(token.current()).toBe("first");
		await token.follow();
		expect(token.current()).toBe("second");
	});

	it("D38 stays with the one before while the file cannot be used, and says so once", async () => {
		const { file, token, warnings } = rotating();
		file.holds = new AgentError(["CLEF_AGENT_TOKEN_FILE names /t, which is empty."]);
		await token.follow();
		await token.follow();
		expect(token.current()).toBe("first");
		expect(warnings).toEqual([
			"CLEF_AGENT_TOKEN_FILE names /t, which is empty. The token before it stays in use.",
		]);
		file.holds = "second";
		await token.follow();
		file.holds = new RangeError("quotes a secret");
		await token.follow();
		expect(token.current()).toBe("second");
		expect(warnings[1]).toBe("CLEF_AGENT_TOKEN_FILE cannot be read. The token before it stays in use.");
	});

	it("D38 takes what was read last, when a look that began before it is slower", async () => {
		const warnings: string[] = [];
		const looks: { readonly done: (token: string) => void; readonly fail: (error: Error) => void }[] = [];
		const reread = () =>
			new Promise<string>((done, fail) => {
				looks.push({ done, fail });
			});
		const token = new RotatingToken("first", reread, (sentence) => warnings.push(sentence));
		const all = [token.follow(), token.follow(), token.follow()];
		looks[1]?.done("rotated");
		await all[1];
		looks[0]?.done("first");
		await all[0];
		expect(token.current()).toBe("rotated");
		looks[2]?.fail(new TypeError("gone"));
		await Promise.all(all);
		expect([token.current(), warnings.length]).toEqual(["rotated", 1]);
		const [early, late] = [token.follow(), token.follow()];
		looks[4]?.done("again");
		await late;
		looks[3]?.fail(new TypeError("was away meanwhile"));
		await early;
		expect([token.current(), warnings.length]).toEqual(["again", 1]);
	});

	it("never changes without a file", async () => {
		const token = new RotatingToken("fixed", undefined, () => undefined);
		await token.follow();
		expect(token.current()).toBe("fixed");
	});
});
