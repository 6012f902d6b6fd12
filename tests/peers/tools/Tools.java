import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Runs Kafka's tools one after the other in one JVM, since a start of each takes longer than its work.
 *
 * <p>Tools FOLDER SECONDS: each line of the standard input is a name, what the tool reads (\n and \t stand for what they say), its main
 * class and its arguments, separated by tabs. What it prints goes to FOLDER/NAME, with its exit code on the first line.
 */
public final class Tools {
    /** Where standard output and errors go for now: tools keep the stream that they found at first. */
    private static final class Switch extends OutputStream {
        private OutputStream target = OutputStream.nullOutputStream();

        @Override
        public synchronized void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] bytes, int from, int length) {
            try {
                target.write(bytes, from, length);
            } catch (java.io.IOException error) {
                throw new java.io.UncheckedIOException(error);
            }
        }

        synchronized void to(OutputStream other) {
            target = other;
        }
    }

    private static final Switch PRINTED = new Switch();

    /** The exit code of the tool that runs, once it has one. */
    private static volatile CompletableFuture<String> ended;

    private Tools() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        long seconds = Long.parseLong(arguments[1]);
        byte[] steps = System.in.readAllBytes();
        PrintStream terminal = System.err;
        System.setOut(new PrintStream(PRINTED, true));
        System.setErr(new PrintStream(PRINTED, true));
        org.apache.kafka.common.utils.Exit.setExitProcedure((status, message) -> end(status, message));
        org.apache.kafka.common.utils.Exit.setHaltProcedure((status, message) -> end(status, message));
        for (String step : new String(steps, StandardCharsets.UTF_8).split("\n")) {
            String[] parts = step.split("\t", -1);
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            PRINTED.to(printed);
            String status = run(parts, seconds);
            System.out.flush();
            PRINTED.to(OutputStream.nullOutputStream());
            Files.writeString(folder.resolve(parts[0]), "exit " + status + "\n" + printed.toString(StandardCharsets.UTF_8));
            if (status.startsWith("none")) {
                terminal.println(step + ": " + status);
                Runtime.getRuntime().halt(1);
            }
        }
        Runtime.getRuntime().halt(0);
    }

    /** Stops a tool where it would stop the JVM: nothing of it may run on, not even what catches all errors. */
    private static void end(int status, String message) {
        if (message != null) {
            System.err.println(message);
        }
        ended.complete(String.valueOf(status));
        while (true) {
            LockSupport.park();
        }
    }

    /** Runs a tool and then its shutdown hooks, as if the JVM ended. */
    private static String run(String[] parts, long seconds) throws Exception {
        String input = parts[1].replace("\\n", "\n").replace("\\t", "\t");
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        String[] arguments = Arrays.copyOfRange(parts, 3, parts.length);
        Set<Thread> before = Set.copyOf(hooks().keySet());
        CompletableFuture<String> status = new CompletableFuture<>();
        ended = status;
        Thread thread = new Thread(() -> status.complete(call(parts[2], arguments)), parts[0]);
        thread.setDaemon(true);
        thread.start();
        try {
            String code = status.get(seconds, TimeUnit.SECONDS);
            runHooks(before, seconds);
            return code;
        } catch (TimeoutException late) {
            return "none after " + seconds + " s";
        }
    }

    /** What a tool added to be done when the JVM ends. */
    private static void runHooks(Set<Thread> before, long seconds) throws Exception {
        for (Thread hook : Set.copyOf(hooks().keySet())) {
            if (!before.contains(hook) && Runtime.getRuntime().removeShutdownHook(hook)) {
                hook.start();
                hook.join(TimeUnit.SECONDS.toMillis(seconds));
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<Thread, Thread> hooks() throws ReflectiveOperationException {
        var field = Class.forName("java.lang.ApplicationShutdownHooks").getDeclaredField("hooks");
        field.setAccessible(true);
        return (Map<Thread, Thread>) field.get(null);
    }

    private static String call(String tool, String[] arguments) {
        try {
            Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) arguments);
            return "0";
        } catch (InvocationTargetException thrown) {
            thrown.getCause().printStackTrace();
            return "1";
        } catch (ReflectiveOperationException wrong) {
            return "none: " + wrong;
        }
    }
}
