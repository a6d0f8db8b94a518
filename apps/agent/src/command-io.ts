/** Everything a command may touch of the world outside: the process gives the real one, tests give their own. */
export interface CommandIo {
	readonly stdin: AsyncIterable<Uint8Array | string>;
	readonly stdout: Output;
	readonly stderr: Output;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Name of the file that was started. */
	readonly programName: string;
	/** Folder that relative file names start from. */
	readonly cwd: string;
	/** Wall clock, epoch milliseconds. */
	readonly now: () => number;
	/** Signals and crashes, by the names that Node's `process` emits. */
	readonly process: ProcessEvents;
	/** Where Node's inspector listens; undefined when it does not. */
	readonly inspectorUrl: () => string | undefined;
	/** This process's id. */
	readonly pid: number;
	/** Whose rights it has; undefined where users have no numbers. */
	readonly uid: number | undefined;
	/** The operating system's monotonic clock, not Node's, whose zero is the start of the process. */
	readonly monotonicMicroseconds: () => bigint;
	/** Runs a program to its end, with this environment alone; rejects when it cannot, fails or takes too long. */
	readonly execute: (
		program: string,
		args: readonly string[],
		env: Readonly<Record<string, string>>,
	) => Promise<unknown>;
	/** Starts a program that shares this process's standard streams; rejects with the system's error when it cannot. */
	readonly start: (
		program: string,
		args: readonly string[],
		options: {
			readonly cwd: string;
			/** All of its environment. */
			readonly env: Readonly<Record<string, string>>;
			/** Whether it leads a process group of its own; otherwise it is in this process's. */
			readonly ownGroup: boolean;
		},
	) => Promise<RunningProgram>;
	/** How this process was started: a program and its arguments. */
	readonly commandLine: readonly string[];
	/**
	 * Puts a program in this process's place, with the same environment and standard streams; `args` begins with its
	 * name. Returns only where that cannot be done.
	 */
	readonly replace: (program: string, args: readonly string[]) => void;
	/** Keeps the process alive, though nothing else may, until the returned function is called. */
	readonly keepAlive: () => () => void;
	/** Whether standard input is a terminal. */
	readonly isInteractive: boolean;
	/** Resolves after `ms` milliseconds, without keeping the process alive for it. */
	readonly after: (ms: number) => Promise<unknown>;
}

/** A program that was started. */
export interface RunningProgram {
	/** Resolves when it has ended. */
	readonly ended: Promise<ProgramEnd>;
	/** Sends it a signal; when it has ended, to nobody. */
	signal(signal: NodeJS.Signals): void;
	/** Sends a signal to everything in its process group, if that is its own. */
	signalGroup(signal: NodeJS.Signals): void;
	/** Whether anything in its own process group runs. */
	groupLives(): boolean;
}

/** How a program ended: with a status, or by a signal. */
export type ProgramEnd = { readonly status: number } | { readonly signal: NodeJS.Signals };

/** A text stream a command writes to. */
export interface Output {
	write(text: string): unknown;
	readonly isTTY?: boolean;
}

/** The part of `process` (or of any `EventEmitter`) that reports signals and crashes. */
export interface ProcessEvents {
	on(event: string, listener: (reason: unknown) => void): unknown;
	off(event: string, listener: (reason: unknown) => void): unknown;
}

/** A command: gets what follows its name, returns the exit status. */
export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;
