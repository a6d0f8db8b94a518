/**
 * Variables by which a loader, a shell or a language's runtime is told what code to run: whoever packs a secret of
 * such a name would run the program's code, not only know its secrets (D39).
 */
const STEERING_NAMES: ReadonlySet<string> = new Set([
	"PATH",
	"IFS",
	"ENV",
	"HOME",
	"SHELL",
	"SHELLOPTS",
	"BASHOPTS",
	"BASH_ENV",
	"PS4",
	"PROMPT_COMMAND",
	"ZDOTDIR",
	"GCONV_PATH",
	"GLIBC_TUNABLES",
	"LOCPATH",
	"OPENSSL_CONF",
	"OPENSSL_ENGINES",
	"OPENSSL_MODULES",
	"NODE_OPTIONS",
	"NODE_PATH",
	"NODE_REPL_EXTERNAL_MODULE",
	"NODE_EXTRA_CA_CERTS",
	"NODE_TLS_REJECT_UNAUTHORIZED",
	"ELECTRON_RUN_AS_NODE",
	"PERLLIB",
	"RUBYOPT",
	"RUBYLIB",
	"GEM_HOME",
	"GEM_PATH",
	"BUNDLE_GEMFILE",
	"BUNDLE_PATH",
	"PHPRC",
	"PHP_INI_SCAN_DIR",
	"CLASSPATH",
	"JAVA_TOOL_OPTIONS",
	"_JAVA_OPTIONS",
	"JDK_JAVA_OPTIONS",
	"DOTNET_STARTUP_HOOKS",
	"DOTNET_ADDITIONAL_DEPS",
	"GIT_SSH",
	"GIT_SSH_COMMAND",
	"GIT_EXEC_PATH",
	"GIT_EXTERNAL_DIFF",
	"GIT_PROXY_COMMAND",
]);

/** Families of them. Credentials have names close by, such as `NODE_AUTH_TOKEN`, and are not meant. */
const STEERING_FAMILIES =
	/^(?:LD_|DYLD_|BASH_FUNC_|PYTHON[A-Z]|PERL5|LUA_(?:INIT|PATH|CPATH)|GIT_CONFIG|COR(?:ECLR)?_(?:PROFILER|ENABLE)|CLEF_AGENT_)/;

/** Whether a variable of this name decides what code programs load, or how an agent in them is configured. */
export function steersPrograms(name: string): boolean {
	return STEERING_NAMES.has(name) || STEERING_FAMILIES.test(name);
}
