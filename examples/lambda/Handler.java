import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

public class Handler {
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1).proxy(HttpClient.Builder.NO_PROXY).build();

    // Call it in the handler, at each invocation: a value kept from the start outlives its rotation,
    // and the extension answers from memory.
    static String secret(String name) throws IOException, InterruptedException {
        var port = System.getenv().getOrDefault("CLEF_AGENT_PORT", "7779");
        var uri = URI.create("http://127.0.0.1:" + port + "/v1/secrets/" + name);
        var token = "Bearer " + System.getenv("AWS_SESSION_TOKEN");
        var request = HttpRequest.newBuilder(uri)
                .headers("Authorization", token, "Accept", "text/plain").build();
        var answer = CLIENT.send(request, BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(name + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        System.out.writeBytes(secret("DATABASE_URL").getBytes(StandardCharsets.UTF_8));
    }
}
