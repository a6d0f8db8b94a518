import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { eventually } from "./eventually.js";
import { type Answered, commandsIn, ShellSession } from "./shell-session.js";
import type { Snippet } from "./snippets.js";

/** What the reader of a page has or knows that the page cannot show. */
export interface Reader {
	/** Texts that stand for something of the reader's, and what that is; each must be on the page. */
	readonly fill?: Readonly<Record<string, string>>;
	/** Commands that fail because the page shows how, by how they begin. */
	readonly fails?: readonly string[];
	/** Whatever has to be there before the first command, in shell. */
	readonly before?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
	readonly programs?: Readonly<Record<string, string>>;
}

/** In shell, the public half of age.key, which keygen has printed. */
export const RECIPIENT = "$(grep -o 'age1[0-9a-z]*' age.key)";

/** In shell, the public half of sign.pem, which keygen has printed. */
export const PUBLIC_KEY = "$(openssl pkey -in sign.pem -pubout -outform DER | base64 -w 0)";

/** What stands on a page for what keygen prints. */
export const PRINTED: Readonly<Record<string, string>> = {
	"--recipient age1…": `--recipient ${RECIPIENT}`,
	"VERIFY_KEY=…": `VERIFY_KEY=${PUBLIC_KEY}`,
};

/** Languages of blocks that show what the command before them prints. */
const OUTPUT = new Set(["text", "json"]);

/** Commands that only ask, and are repeated until the answer is what the page shows. */
const ASKS = /^(?:curl|clef-agent health|clef-agent inspect|cat|node) ?/;

/**
 * Does what a page says, from top to bottom, in one folder.
 *
 * Shell is run, a block whose first line names a file becomes that file, and a block of text or JSON is what the
 * command before it has to have printed, where `…` stands for anything within the line.
 */
export async function followPage(snippets: readonly Snippet[], reader: Reader = {}): Promise<ShellSession> {
	const { before = [], env = {}, programs = {} } = reader;
	const session = await ShellSession.start({ env, programs });
	for (const command of before) expectSuccess(await session.run(command));
	const fill = { ...reader.fill, ...portOf(snippets, session.port) };
	for (const [from] of Object.entries(fill))
		expect(
			snippets.some(({ text }) => text.includes(from)),
			`${from} is on the page`,
		).toBe(true);
	for (const [index, snippet] of snippets.entries()) {
		const next = snippets[index + 1];
		const shown = next !== undefined && OUTPUT.has(next.language) ? next : undefined;
		await follow(session, filled(snippet, fill), shown && filled(shown, fill), reader.fails ?? []);
	}
	return session;
}

async function follow(
	session: ShellSession,
	snippet: Snippet,
	shown: Snippet | undefined,
	fails: readonly string[],
): Promise<void> {
	if (OUTPUT.has(snippet.language)) return;
	if (snippet.language !== "sh") return saveFile(session, snippet);
	const commands = commandsIn(snippet.text);
	for (const [index, command] of commands.entries()) {
		const isLast = index === commands.length - 1;
		const mayFail = fails.some((start) => command.startsWith(start));
		await ask(session, command, { mayFail, shown: isLast ? shown : undefined });
	}
}

async function ask(
	session: ShellSession,
	command: string,
	{ mayFail, shown }: { readonly mayFail: boolean; readonly shown: Snippet | undefined },
): Promise<void> {
	let answered = await session.run(command);
	if (shown !== undefined && ASKS.test(command)) {
		const answer = answered;
		await eventually(`${command} printing ${shown.text}instead of ${answer.output}`, async () => {
			if (prints(shown, answered)) return true;
			answered = await session.run(command);
			return false;
		});
	}
	if (!mayFail) expectSuccess(answered);
	if (shown !== undefined && !prints(shown, answered)) expect(answered.output).toBe(shown.text);
}

function expectSuccess({ command, status, output }: Answered): void {
	expect({ command, status }, output).toEqual({ command, status: 0 });
}

/** Whether the terminal shows what the page does. */
export function prints({ text }: Pick<Snippet, "text">, { output }: Pick<Answered, "output">): boolean {
	const pattern = text.trim().split("…").map(escaped).join("[^\\n]*");
	return new RegExp(`^${pattern}$`).test(output.trim());
}

function escaped(text: string): string {
	return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** A block that begins with a comment such as `// app.mjs` is a file that the reader saves. */
async function saveFile(session: ShellSession, { page, line, text }: Snippet): Promise<void> {
	const name = /^(?:\/\/|#) ([\w.-]+)\n/.exec(text)?.[1];
	if (name === undefined) throw new RangeError(`${page}:${line} is neither shell nor a file with a name`);
	const { output: folder } = await session.run("pwd");
	writeFileSync(join(folder.trim(), name), text);
}

/** The agent's own port may be taken on this machine. */
function portOf(snippets: readonly Snippet[], port: number): Record<string, string> {
	const usual = "127.0.0.1:7779";
	return snippets.some(({ text }) => text.includes(usual)) ? { [usual]: `127.0.0.1:${port}` } : {};
}

function filled(snippet: Snippet, fill: Readonly<Record<string, string>>): Snippet {
	const text = Object.entries(fill).reduce((all, [from, to]) => all.replaceAll(from, to), snippet.text);
	return { ...snippet, text };
}
