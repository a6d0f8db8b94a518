/** What `--help` says about one command. */
export interface Usage {
	/** How it is called, after `clef-agent`. */
	readonly synopsis: string;
	/** What it does, in half a line. */
	readonly summary: string;
	/** Options and notes, ready to print. */
	readonly details: string;
}

/** Every command, in the order the help lists them. */
export const usages = {
	run: {
		synopsis: "[run]",
		summary: "fetch, verify and serve secrets on 127.0.0.1 (the default)",
		details: `Everything is configured by environment variables; the most important ones:

  CLEF_AGENT_SOURCE       http(s)://…, s3://…, file://… or a path of the packed artifact
  CLEF_AGENT_VCS_*        or where it lies in a GitHub, GitLab or Bitbucket repository
  CLEF_AGENT_AGE_KEY      age identity that opens it (or CLEF_AGENT_AGE_KEY_FILE)
  CLEF_AGENT_VERIFY_KEY   public key that must have signed it
  CLEF_AGENT_TOKEN        bearer token clients present (or CLEF_AGENT_TOKEN_FILE)
  CLEF_AGENT_PORT         port on 127.0.0.1, default 7779
  CLEF_AGENT_CACHE_TTL    most seconds to serve without a successful refresh, default 300

Signals: SIGTERM and SIGINT stop it, SIGHUP refreshes now.`,
	},
	lambda: {
		synopsis: "lambda [--name NAME]",
		summary: "the same as the extension of an AWS Lambda function (the default inside Lambda)",
		details: `  --name NAME  name of the file in /opt/extensions; default: the name of the program

Started by Lambda, which sets AWS_LAMBDA_RUNTIME_API. Configured as run is, and by:

  CLEF_AGENT_LAMBDA_INIT  continue (default) or strict: whether the function may start without secrets

Without CLEF_AGENT_TOKEN the function's own AWS_SESSION_TOKEN is the token.`,
	},
	exec: {
		synopsis: "exec [OPTION…] -- COMMAND [ARG…]",
		summary: "run a command with the secrets as its environment",
		details: `  --restart-on-change        start the command again when values it was given have changed
  --signal-on-change SIGNAL  send it a signal then instead; its environment stays as it is
  --only SECRET[,SECRET…]    these secrets alone: KEY or NAMESPACE__KEY; may be repeated
  --map VARIABLE=SECRET      give a secret this variable; may be repeated
  --prefix TEXT              put this before all other names
  --serve                    serve the HTTP API beside it; it gets CLEF_AGENT_PORT and CLEF_AGENT_TOKEN
  --stop-on-revoke           stop it when the secrets are revoked, and exit 69
  --grace DURATION           time between SIGTERM and SIGKILL: 10 (default), 90s, 5m
  --timeout DURATION         exit 69 when there are no secrets by then; default: wait for ever

Configured as run is. A secret is the variable KEY, or NAMESPACE__KEY where several namespaces have that
key. The command gets none of the CLEF_AGENT_* variables. Signals go to it, and its exit status is
returned; 128+N when signal N ended it, 127 when it is not found, 126 when it cannot be run.`,
	},
	health: {
		synopsis: "health [--live]",
		summary: "ask the agent on this machine whether it is ready: exit 0 or 1",
		details: `  --live   ask only whether the process lives (/v1/health instead of /v1/ready)

The port is CLEF_AGENT_PORT, default 7779. Gives up after 2 seconds.`,
	},
	keygen: {
		synopsis: "keygen [--signing] [--post-quantum] [-o FILE]",
		summary: "make an age identity, or with --signing a pair of signing keys",
		details: `  --signing          Ed25519 signing key instead: the private key as PEM; the public key,
                     for CLEF_AGENT_VERIFY_KEY, on standard error
  --post-quantum     age identity that also withstands quantum computers
  -o, --output FILE  write the private key there (mode 0600; must not exist), not to standard output`,
	},
	pack: {
		synopsis: "pack --identity NAME --environment NAME (--recipient AGE1… | --kms KEY) [FILE]",
		summary: "encrypt secrets (JSON or dotenv, from FILE or standard input) into an artifact",
		details: `  --identity NAME         who may use the secrets
  --environment NAME      where they are used
  --recipient AGE1…       age recipient who can open it; may be repeated
  --recipients-file FILE  more recipients, one per line, # starts a comment
  --kms KEY               instead of recipients: a key of a KMS that seals it, written as
                          aws:KEY (ARN, id or alias), gcp:projects/… or azure:https://…;
                          credentials come from where the provider's own tools find them
  --sign-key FILE         private signing key (PEM, or base64 PKCS#8)
  --sign-kms KEY          instead: an ECC_NIST_P256 key of AWS KMS (ARN, id or alias); its public
                          key, for CLEF_AGENT_VERIFY_KEY, on standard error
  --ttl DURATION          refuse it after this long: 3600, 90m, 12h, 30d
  --format json|dotenv    default: by the file's name, else by a leading {
  -o, --output FILE       replace FILE in one step; default standard output`,
	},
	inspect: {
		synopsis: "inspect [--json] FILE",
		summary: "print what an artifact says about itself; needs no key",
		details: "  --json   as JSON\n\nChecks nothing: see verify.",
	},
	verify: {
		synopsis: "verify [--key KEY] [--identity NAME] [--environment NAME] FILE",
		summary: "check an artifact as the agent would: prints ok, or the refusal and exits 1",
		details: `  --key KEY           public key, or a file with it; default CLEF_AGENT_VERIFY_KEY
  --identity NAME     refuse an artifact packed for another identity
  --environment NAME  refuse an artifact packed for another environment`,
	},
	revoke: {
		synopsis: "revoke FILE [-o FILE]",
		summary: "turn an artifact into a revocation: agents that read it wipe their secrets",
		details: "  -o, --output FILE   write there instead of in place; - is standard output",
	},
} as const satisfies Record<string, Usage>;

/** The name of a command. */
export type CommandName = keyof typeof usages;

/** Whether a word is the name of a command. */
export function isCommandName(word: string): word is CommandName {
	return Object.hasOwn(usages, word);
}

/** The help page of one command, or of all of them. */
export function helpText(command?: CommandName): string {
	if (command !== undefined) {
		const { synopsis, summary, details } = usages[command];
		return `Usage: clef-agent ${synopsis}\n\n${summary}\n\n${details}\n`;
	}
	const width = Math.max(...Object.keys(usages).map((name) => name.length));
	const lines = Object.entries(usages).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
	return `The sidecar that hands applications their secrets.

Usage: clef-agent [COMMAND] [OPTIONS]

${lines.join("\n")}

Options:
  -h, --help     this page, or the page of a command: clef-agent pack --help
  -V, --version  the version
`;
}
