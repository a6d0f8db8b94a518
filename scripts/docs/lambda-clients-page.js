// docs/lambda-clients.md: how the code of a Lambda function reads a secret, in several languages.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../run.js";

const FOLDER = "examples/lambda";

const INTRODUCTION = `<!-- Made by \`npm run docs\` from the files in ${FOLDER}; edit these. -->

# Reading secrets in a Lambda function

Where \`CLEF_AGENT_TOKEN\` is not set, the bearer token is the function's own \`AWS_SESSION_TOKEN\`, which Lambda puts into
its environment. The port is 7779 unless \`CLEF_AGENT_PORT\` says otherwise, and requests go to 127.0.0.1 directly,
never through a proxy. Every [status](http-api.md#refusals-in-this-order) but 200 is an error whose body says why; of the
503s, those with the \`reason\` \`not_loaded\` or \`cache_expired\` end as soon as the source answers and are worth a retry
after a second, while \`artifact_expired\` and \`revoked\` last until something new is packed and are not.
`;

/** @type {readonly { title: string, file: string, language: string }[]} */
const EXAMPLES = [
	{ title: "Python", file: "handler.py", language: "python" },
	{ title: "Node", file: "index.mjs", language: "js" },
	{ title: "Go", file: "main.go", language: "go" },
	{ title: "Java", file: "Handler.java", language: "java" },
	{ title: "Rust", file: "main.rs", language: "rust" },
	{ title: "Shell", file: "secret.sh", language: "sh" },
];

/** The page, with the files of the examples as they are. */
export function lambdaClientsPage() {
	return [INTRODUCTION, ...EXAMPLES.map(section)].join("\n");
}

/** @param {(typeof EXAMPLES)[number]} example */
function section({ title, file, language }) {
	const code = readFileSync(join(root, FOLDER, file), "utf8");
	const link = `[\`${file}\`](../${FOLDER}/${file})`;
	return `## ${title}\n\n${link}\n\n\`\`\`${language}\n${code}\`\`\`\n`;
}
