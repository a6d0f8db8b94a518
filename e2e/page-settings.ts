import { generateKeyPairSync } from "node:crypto";
import { vectorKeys } from "@clef-sh/testkit/vectors";
import { runProgram } from "./command.js";
import type { Snippet } from "./snippets.js";

const appKey = generateKeyPairSync("rsa", {
	modulusLength: 2048,
	publicKeyEncoding: { type: "spki", format: "pem" },
	privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** The public half of the key of the GitHub App that a page speaks of. */
export const APP_PUBLIC_KEY: string = appKey.publicKey;

/** What the files hold that the pages name. */
export const NAMED_FILES: Readonly<Record<string, string>> = {
	"/run/secrets/age.key": vectorKeys.ageSecretKey,
	"/run/secrets/bitbucket-token": "bitbucket-token-of-a-reader",
	"/run/secrets/github-token": "github-token-of-a-reader",
	"/run/secrets/gitlab-token": "glpat-token-of-a-reader",
	"/run/secrets/source-token": "source-token-of-a-reader",
	"/run/secrets/github-app.pem": appKey.privateKey,
};

/**
 * What a page's blocks show, as variables: the first block as it is and with what stands in comments; then each
 * further block beside the first, or in place of the token there.
 */
export async function settingsOf(snippets: readonly Snippet[]): Promise<Record<string, string>[]> {
	const [first = "", ...others] = snippets.map(({ text }) => text);
	const settings = await variables(first);
	const further = await Promise.all(others.map(variables));
	return [
		settings,
		await variables(first.replaceAll("# CLEF_AGENT_", "CLEF_AGENT_")),
		...further.map((more) => {
			const { CLEF_AGENT_VCS_TOKEN_FILE: _, ...withoutToken } = settings;
			return { ...("CLEF_AGENT_VCS_APP_ID" in more ? withoutToken : settings), ...more };
		}),
	];
}

/** The variables that a shell makes of settings. */
async function variables(text: string): Promise<Record<string, string>> {
	const filled = text.replaceAll("MCowBQYDK2VwAyEA…", vectorKeys.ed25519PublicKey);
	const script = `set -a\n${filled}\nset +a\nenv -0`;
	const { stdout } = await runProgram("env", ["-i", "sh", "-c", script]);
	const all = stdout.split("\0").map((line) => line.split(/=(.*)/s).slice(0, 2));
	return Object.fromEntries(all.filter(([name]) => /^(?:CLEF_AGENT|AWS|AZURE)_/.test(name ?? "")));
}
