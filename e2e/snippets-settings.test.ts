import { generateKeyPairSync } from "node:crypto";
import { configFromEnvironment } from "@clef-sh/core/env";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { expect, it } from "vitest";
import { runProgram } from "./command.js";
import { itWith, part } from "./part.js";
import { type Snippet, snippetsFor } from "./snippets.js";

/** What the files hold that the pages name. */
const FILES: Readonly<Record<string, string>> = {
	"/run/secrets/age.key": vectorKeys.ageSecretKey,
	"/run/secrets/bitbucket-token": "a-token",
	"/run/secrets/github-token": "a-token",
	"/run/secrets/gitlab-token": "glpat-a-token",
	"/run/secrets/source-token": "a-token",
	"/run/secrets/github-app.pem": generateKeyPairSync("rsa", {
		modulusLength: 2048,
		publicKeyEncoding: { type: "spki", format: "pem" },
		privateKeyEncoding: { type: "pkcs8", format: "pem" },
	}).privateKey,
};

const snippets = snippetsFor("settings");
const pages = [...new Set(snippets.map(({ page }) => page))];

/** The variables that a shell makes of settings. */
async function variables(text: string): Promise<Record<string, string>> {
	const filled = text.replaceAll("MCowBQYDK2VwAyEA…", vectorKeys.ed25519PublicKey);
	const script = `set -a\n${filled}\nset +a\nenv -0`;
	const { stdout } = await runProgram("env", ["-i", "sh", "-c", script]);
	const all = stdout.split("\0").map((line) => line.split(/=(.*)/s).slice(0, 2));
	return Object.fromEntries(all.filter(([name]) => name?.startsWith("CLEF_AGENT_")));
}

/** What the agent makes of settings; a file that no page should name is an error. */
function read(env: Readonly<Record<string, string>>): ReturnType<typeof configFromEnvironment> {
	return configFromEnvironment(env, (path) => {
		const content = FILES[path];
		if (content === undefined) throw new RangeError(`no page should name ${path}`);
		return content;
	});
}

/** The first block as it is; each further one in place of, or beside, what the first has. */
async function alternatives([first, ...others]: readonly Snippet[]): Promise<Record<string, string>[]> {
	const settings = await variables(first?.text ?? "");
	const further = await Promise.all(others.map(({ text }) => variables(text)));
	const withoutComments = await variables(first?.text.replaceAll("# CLEF_AGENT_", "CLEF_AGENT_") ?? "");
	return [
		settings,
		withoutComments,
		...further.map((more) => {
			const { CLEF_AGENT_VCS_TOKEN_FILE: _, ...withoutToken } = settings;
			return { ...("CLEF_AGENT_VCS_APP_ID" in more ? withoutToken : settings), ...more };
		}),
	];
}

const withShell = itWith(part("env"));

withShell("the settings of every page are ones that the agent takes", async () => {
	expect(pages).toHaveLength(10);
	for (const page of pages) {
		for (const env of await alternatives(snippets.filter((snippet) => snippet.page === page))) {
			expect(Object.keys(env).length, page).toBeGreaterThan(1);
			const whole = page === "docs/telemetry.md" ? { CLEF_AGENT_SOURCE: "/srv/api.age.json", ...env } : env;
			expect(() => read(whole), page).not.toThrow();
		}
	}
});

it("a misspelt variable is found", () => {
	expect(() => read({ CLEF_AGENT_SUORCE: "/srv/api.age.json" })).toThrow("CLEF_AGENT_SOURCE");
});
