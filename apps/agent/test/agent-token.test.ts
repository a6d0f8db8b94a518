import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { obtainToken } from "../src/agent-token.js";
import { CommandError } from "../src/command-error.js";
import { temporaryFolder } from "./captured-io.js";

const randomBytes = (size: number) => Buffer.alloc(size, 0xfb);
const GENERATED = Buffer.alloc(32, 0xfb).toString("base64url");

it("takes the given token and writes nothing", () => {
	expect(obtainToken({ token: "given", cwd: temporaryFolder(), randomBytes })).toEqual({
		token: "given",
		handover: "given",
	});
});

it("generates 32 random bytes as base64url", () => {
	const { token, handover } = obtainToken({ cwd: temporaryFolder(), randomBytes });
	expect({ token, handover }).toEqual({ token: GENERATED, handover: "generated" });
	expect(token).toMatch(/^[\w-]{43}$/);
});

it("writes a generated token for its owner only", () => {
	const cwd = temporaryFolder();
	expect(obtainToken({ tokenFile: "token", cwd, randomBytes })).toEqual({
		token: GENERATED,
		handover: "file",
	});
	expect(readFileSync(join(cwd, "token"), "utf8")).toBe(GENERATED);
	expect(statSync(join(cwd, "token")).mode & 0o777).toBe(0o600);
	expect(readdirSync(cwd)).toEqual(["token"]);
});

it("writes it also where files have no second names", () => {
	const cwd = temporaryFolder();
	const link = () => {
		throw Object.assign(new TypeError(), { code: "EPERM" });
	};
	expect(obtainToken({ tokenFile: "token", cwd, randomBytes, link }).handover).toBe("file");
	expect(readFileSync(join(cwd, "token"), "utf8")).toBe(GENERATED);
	expect(readdirSync(cwd)).toEqual(["token"]);
});

it("takes an absolute path as it is", () => {
	const tokenFile = join(temporaryFolder(), "token");
	obtainToken({ tokenFile, cwd: "/nowhere", randomBytes });
	expect(readFileSync(tokenFile, "utf8")).toBe(GENERATED);
});

function refusal(tokenFile: string, cwd: string): CommandError {
	try {
		obtainToken({ tokenFile, cwd, randomBytes });
	} catch (error) {
		if (error instanceof CommandError) return error;
	}
	return expect.fail("should have been refused");
}

it("does not create folders", () => {
	const error = refusal("missing/token", temporaryFolder());
	expect(error.code).toBe("CONFIG_INVALID");
	expect(error.message).toBe(
		"cannot write a generated token to CLEF_AGENT_TOKEN_FILE missing/token: its folder does not exist; create the folder first",
	);
});

it("never overwrites a file that appeared in the meantime, nor says the token", () => {
	const cwd = temporaryFolder();
	writeFileSync(join(cwd, "token"), "another agent's");
	const error = refusal("token", cwd);
	expect(error.message).toContain("it appeared in the meantime");
	expect(error.message).not.toContain(GENERATED);
	expect(readFileSync(join(cwd, "token"), "utf8")).toBe("another agent's");
	expect(readdirSync(cwd)).toEqual(["token"]);
});

it("names the code of a failure it has no words for", () => {
	const cwd = temporaryFolder();
	writeFileSync(join(cwd, "file"), "");
	expect(refusal("file/token", cwd).message).toMatch(/: ENOTDIR$/);
});
