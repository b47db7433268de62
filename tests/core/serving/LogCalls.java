import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/** Logs calls and reads the statistics with one client in its defaults, which offer HTTP/2 with every request. */
public class LogCalls {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String body = "{\"provider\":\"openai\",\"model\":\"m\",\"cost\":1}";
        for (int call = 0; call < 3; call++) {
            System.out.println(client.send(to(arguments[0] + "/api/v1/log")
                .header("Content-Type", "application/json").POST(BodyPublishers.ofString(body)).build(),
                BodyHandlers.ofString()).statusCode());
            System.out.println(client.send(to(arguments[0] + "/api/v1/stats").build(),
                BodyHandlers.ofString()).statusCode());
        }
        client.send(to(arguments[0] + "/api/v1/log").POST(BodyPublishers.ofInputStream(
            () -> new java.io.ByteArrayInputStream(body.getBytes()))).build(), BodyHandlers.ofString());
        System.out.println(client.send(to(arguments[0] + "/api/v1/stats").build(),
            BodyHandlers.ofString()).body());
    }

    private static HttpRequest.Builder to(String address) {
        return HttpRequest.newBuilder(URI.create(address)).header("X-Project-Key", "java");
    }
}
