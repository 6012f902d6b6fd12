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
 * What MirrorMaker 2's own client tells about a cluster, a line for each answer.
 *
 * <p>MirrorAnswers BOOTSTRAP ALIAS,.. GROUP,.. POLICY: asks MirrorClient and RemoteClusterUtils, which must agree, then reads every record of
 * MirrorMaker 2's internal topics there with its classes and writes it again: the bytes must be the same.
 */
public final class MirrorAnswers {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private MirrorAnswers() {}

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        List<String> aliases = List.of(arguments[1].split(","));
        List<String> groups = List.of(arguments[2].split(","));
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap));
        config.put("replication.policy.class", arguments[3]);
        try (MirrorClient client = new MirrorClient(config)) {
            Set<String> checkpoints = client.checkpointTopics();
            say("heartbeat topics", same(client.heartbeatTopics(), RemoteClusterUtils.heartbeatTopics(config)));
            say("checkpoint topics", same(checkpoints, RemoteClusterUtils.checkpointTopics(config)));
            say("upstream clusters", same(client.upstreamClusters(), RemoteClusterUtils.upstreamClusters(config)));
            say("remote topics", client.remoteTopics());
            for (String alias : aliases) {
                say("remote topics of " + alias, client.remoteTopics(alias));
                int hops = client.replicationHops(alias);
                say("hops to " + alias, Set.of(agreed(hops, RemoteClusterUtils.replicationHops(config, alias)).toString()));
            }
            for (String alias : aliases) {
                for (String group : groups) {
                    if (checkpoints.contains(alias + ".checkpoints.internal")) {
                        translations(client, config, alias, group);
                    }
                }
            }
        }
        bytes(bootstrap);
    }

    private static void translations(MirrorClient client, Map<String, Object> config, String alias, String group) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> found = client.remoteConsumerOffsets(group, alias, PATIENCE);
        agreed(found, RemoteClusterUtils.translateOffsets(config, alias, group, PATIENCE));
        Map<String, String> sorted = new TreeMap<>();
        found.forEach((place, at) -> sorted.put(place.toString(), at.offset() + " " + at.metadata()));
        sorted.forEach((place, at) -> System.out.println("offset of " + group + " from " + alias + ": " + place + " " + at));
    }

    /** Reads with MirrorMaker 2's classes and writes again. */
    private static void bytes(String bootstrap) throws Exception {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap);
        ByteArrayDeserializer bytes = new ByteArrayDeserializer();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(config, bytes, bytes)) {
            for (String topic : new TreeSet<>(consumer.listTopics().keySet())) {
                if (topic.startsWith("mm2-offset-syncs.") || topic.endsWith(".checkpoints.internal") || topic.endsWith("heartbeats")) {
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

    private static void compare(ConsumerRecord<byte[], byte[]> record) throws Exception {
        Object read = record.topic().startsWith("mm2-") ? OffsetSync.deserializeRecord(record)
            : record.topic().endsWith("heartbeats") ? Heartbeat.deserializeRecord(record) : Checkpoint.deserializeRecord(record);
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

    private static Set<String> same(Set<String> one, Set<String> other) {
        return agreed(one, other);
    }

    private static <T> T agreed(T client, T utilities) {
        if (!client.equals(utilities)) {
            throw new AssertionError("MirrorClient says " + client + ", RemoteClusterUtils " + utilities);
        }
        return client;
    }

    private static void say(String what, Set<String> found) {
        System.out.println(what + ": " + found.stream().sorted().collect(Collectors.joining(" ")));
    }
}
