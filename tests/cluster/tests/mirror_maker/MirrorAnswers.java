import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.connect.mirror.Checkpoint;
import org.apache.kafka.connect.mirror.Heartbeat;
import org.apache.kafka.connect.mirror.MirrorClient;
import org.apache.kafka.connect.mirror.OffsetSync;
import org.apache.kafka.connect.mirror.RemoteClusterUtils;

/**
 * What MirrorMaker 2's own client tells about clusters, a line for each answer.
 *
 * <p>MirrorAnswers ALIAS,.. GROUP,.. SETTINGS NAME=BOOTSTRAP..: asks MirrorClient and RemoteClusterUtils, which must agree, then reads
 * every record of MirrorMaker 2's topics with its classes and writes it again: the bytes must be the same. SETTINGS are KEY=VALUE;..
 */
public final class MirrorAnswers {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private MirrorAnswers() {}

    public static void main(String[] arguments) throws Exception {
        List<String> aliases = List.of(arguments[0].split(","));
        List<String> groups = List.of(arguments[1].split(","));
        for (String cluster : Arrays.asList(arguments).subList(3, arguments.length)) {
            String[] parts = cluster.split("=", 2);
            Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", parts[1]));
            for (String setting : arguments[2].split(";")) {
                config.put(setting.split("=", 2)[0], setting.split("=", 2)[1]);
            }
            System.out.println("## " + parts[0]);
            answers(config, aliases, groups);
            bytes(parts[1]);
        }
    }

    private static void answers(Map<String, Object> config, List<String> aliases, List<String> groups) throws Exception {
        try (MirrorClient client = new MirrorClient(config)) {
            Set<String> checkpoints = client.checkpointTopics();
            say("heartbeat topics", agreed(client.heartbeatTopics(), RemoteClusterUtils.heartbeatTopics(config)));
            say("checkpoint topics", agreed(checkpoints, RemoteClusterUtils.checkpointTopics(config)));
            say("upstream clusters", agreed(client.upstreamClusters(), RemoteClusterUtils.upstreamClusters(config)));
            say("remote topics", client.remoteTopics());
            for (String alias : aliases) {
                say("remote topics of " + alias, client.remoteTopics(alias));
                int hops = agreed(client.replicationHops(alias), RemoteClusterUtils.replicationHops(config, alias));
                System.out.println("hops to " + alias + ": " + hops);
            }
            for (String alias : aliases) {
                if (checkpoints.contains(client.replicationPolicy().checkpointsTopic(alias))) {
                    for (String group : groups) {
                        translations(client, config, alias, group);
                    }
                }
            }
        }
    }

    private static void translations(MirrorClient client, Map<String, Object> config, String alias, String group) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> found = client.remoteConsumerOffsets(group, alias, PATIENCE);
        agreed(found, RemoteClusterUtils.translateOffsets(config, alias, group, PATIENCE));
        Map<String, String> sorted = new TreeMap<>();
        found.forEach((place, at) -> sorted.put(place.toString(), at.offset() + " '" + at.metadata() + "'"));
        sorted.forEach((place, at) -> System.out.println("offset of " + group + " from " + alias + ": " + place + " " + at));
    }

    /** Reads with MirrorMaker 2's classes and writes again. */
    private static void bytes(String bootstrap) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap);
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config, bytes, bytes)) {
            for (String topic : new TreeSet<>(consumer.listTopics().keySet())) {
                if (kind(topic) != null) {
                    TopicPartition partition = new TopicPartition(topic, 0);
                    consumer.assign(List.of(partition));
                    consumer.seekToBeginning(List.of(partition));
                    long end = consumer.endOffsets(List.of(partition)).get(partition);
                    int read = 0;
                    while (consumer.position(partition) < end) {
                        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(PATIENCE)) {
                            compare(record);
                            read++;
                        }
                    }
                    System.out.println("bytes of " + topic + ": " + (read > 0 ? "the same" : "none"));
                }
            }
        }
    }

    private static Class<?> kind(String topic) {
        return topic.startsWith("mm2-offset-syncs") ? OffsetSync.class
            : topic.matches(".*checkpoints.internal") ? Checkpoint.class
            : topic.endsWith("heartbeats") ? Heartbeat.class : null;
    }

    private static void compare(ConsumerRecord<byte[], byte[]> record) throws Exception {
        if (record.value().length == 0) {
            return;
        }
        Object read = kind(record.topic()).getMethod("deserializeRecord", ConsumerRecord.class).invoke(null, record);
        boolean isSame = Arrays.equals(written(read, "recordKey"), record.key()) && Arrays.equals(written(read, "recordValue"), record.value());
        if (!isSame || record.headers().toArray().length > 0) {
            throw new AssertionError(record + " is written otherwise by MirrorMaker 2");
        }
    }

    private static byte[] written(Object read, String method) throws Exception {
        var writer = read.getClass().getDeclaredMethod(method);
        writer.setAccessible(true);
        return (byte[]) writer.invoke(read);
    }

    private static <T> T agreed(T client, T other) {
        if (!client.equals(other)) {
            throw new AssertionError("one says " + client + ", the other " + other);
        }
        return client;
    }

    private static void say(String what, Set<String> found) {
        System.out.println((what + ": " + found.stream().sorted().collect(Collectors.joining(" "))).strip());
    }
}
