import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.connect.mirror.RemoteClusterUtils;

/**
 * Load on two clusters A and B that mirror each other, and then whether what MirrorMaker 2 should have copied is there.
 *
 * <p>Mirrored topics A B: makes the topic of each cluster.
 * <p>Mirrored load A B SECONDS RATE: writes RATE records a second to each for so long, with a group that reads and commits; prints
 * a line of a test's result (see tests/peers/run) for each check.
 */
public final class Mirrored {
    private static final String TOPIC = "orders";
    private static final int PARTITIONS = 3;
    private static final String READER = "reader";
    private static final String LATE = "late";
    private static final Duration LIMIT = Duration.ofSeconds(300);
    private static final Comparator<TopicPartition> PLACES =
            Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition);

    /** One way between the clusters. */
    private record Way(String source, String sourceName, String target, String targetName) {
        String remote() {
            return sourceName + "." + TOPIC;
        }

        @Override
        public String toString() {
            return sourceName + "-to-" + targetName;
        }
    }

    private Mirrored() {}

    public static void main(String[] arguments) throws Exception {
        List<Way> ways = List.of(
                new Way(arguments[1], "A", arguments[2], "B"), new Way(arguments[2], "B", arguments[1], "A"));
        if (arguments[0].equals("topics")) {
            for (Way way : ways) {
                create(way);
            }
            return;
        }
        long seconds = Long.parseLong(arguments[3]);
        int rate = Integer.parseInt(arguments[4]);
        ExecutorService tasks = Executors.newCachedThreadPool();
        List<Future<?>> work = new ArrayList<>();
        for (Way way : ways) {
            work.add(tasks.submit(() -> write(way, seconds, rate)));
            // It ends before the records do, so that its offsets are somewhere among them.
            work.add(tasks.submit(() -> readAndCommit(way, seconds * 3 / 4)));
        }
        for (Future<?> each : work) {
            each.get();
        }
        for (Way way : ways) {
            check("copied-" + way, () -> copied(way));
            check("translated-" + way, () -> translated(way));
            check("translated-at-the-end-" + way, () -> commitAtTheEnd(way));
            check("synced-" + way, () -> synced(way));
            check("internal-topics-" + way, () -> internalTopics(way));
            check("heartbeats-" + way, () -> heartbeats(way));
        }
        tasks.shutdownNow();
    }

    private static void create(Way way) throws Exception {
        try (Admin admin = admin(way.source)) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();
        }
    }

    private static Void write(Way way, long seconds, int rate) throws Exception {
        AtomicReference<Exception> failure = new AtomicReference<>();
        Map<String, Object> settings = Map.of("bootstrap.servers", way.source, "linger.ms", "5");
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            long began = System.nanoTime();
            for (long number = 0; number < seconds * rate; number++) {
                LockSupport.parkNanos(began + number * 1_000_000_000L / rate - System.nanoTime());
                var record = new ProducerRecord<>(TOPIC, "key-" + number, way.sourceName + " " + number);
                record.headers().add("number", Long.toString(number).getBytes());
                producer.send(record, (at, error) -> {
                    if (error != null) {
                        failure.compareAndSet(null, error);
                    }
                });
            }
        }
        if (failure.get() != null) {
            throw failure.get();
        }
        return null;
    }

    private static Void readAndCommit(Way way, long seconds) {
        try (var consumer = consumer(way.source, READER)) {
            consumer.subscribe(List.of(TOPIC));
            long ends = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            while (System.nanoTime() < ends) {
                if (!consumer.poll(Duration.ofMillis(500)).isEmpty()) {
                    consumer.commitSync();
                }
            }
        }
        return null;
    }

    /** All of the source's records, once and in order, and nothing else. */
    private static String copied(Way way) throws Exception {
        Map<TopicPartition, Long> there = ends(way.source, TOPIC);
        await("as many records", () -> {
            Map<TopicPartition, Long> copies = ends(way.target, way.remote());
            return there.entrySet().stream().allMatch(each ->
                    copies.get(new TopicPartition(way.remote(), each.getKey().partition())) >= each.getValue());
        });
        Map<Integer, List<String>> source = all(way.source, TOPIC);
        Map<Integer, List<String>> target = all(way.target, way.remote());
        for (Map.Entry<Integer, List<String>> partition : source.entrySet()) {
            List<String> copies = target.get(partition.getKey());
            int differs = Arrays.mismatch(partition.getValue().toArray(), copies.toArray());
            if (differs >= 0) {
                throw new IllegalStateException("partition " + partition.getKey() + " differs at offset " + differs + " of "
                        + partition.getValue().size() + " records and " + copies.size() + " copies");
            }
        }
        try (Admin admin = admin(way.target)) {
            Set<String> names = admin.listTopics().names().get();
            String again = way.sourceName + "." + way.targetName + "." + TOPIC;
            if (names.contains(again)) {
                throw new IllegalStateException("records came back as " + again);
            }
        }
        return source.values().stream().mapToInt(List::size).sum() + " records";
    }

    /** Offsets of copies are those of the originals here, so a translated offset must not be past the group's. */
    private static String translated(Way way) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed = committed(way.source, READER, TOPIC);
        if (committed.size() != PARTITIONS) {
            throw new IllegalStateException("committed only " + committed);
        }
        await("a checkpoint of each partition", () -> translate(way, READER).size() == PARTITIONS);
        Map<TopicPartition, OffsetAndMetadata> translated = translate(way, READER);
        List<Long> behind = new ArrayList<>();
        for (Map.Entry<TopicPartition, OffsetAndMetadata> each : committed.entrySet()) {
            TopicPartition remote = new TopicPartition(way.remote(), each.getKey().partition());
            long exact = each.getValue().offset();
            long found = translated.get(remote).offset();
            if (found > exact || found <= 0) {
                throw new IllegalStateException(remote + ": " + found + " for " + exact);
            }
            behind.add(exact - found);
        }
        return "behind the exact offset by " + behind;
    }

    /** A group that is new, at the end of what is written: exact once MirrorMaker 2 has told its last positions. */
    private static String commitAtTheEnd(Way way) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> ends = new TreeMap<>(PLACES);
        ends(way.source, TOPIC).forEach((place, offset) -> ends.put(place, new OffsetAndMetadata(offset)));
        try (Admin admin = admin(way.source)) {
            admin.alterConsumerGroupOffsets(LATE, ends).all().get();
        }
        await("a checkpoint at the end of each partition", () -> {
            Map<TopicPartition, OffsetAndMetadata> found = translate(way, LATE);
            return ends.entrySet().stream().allMatch(each ->
                    found.get(new TopicPartition(way.remote(), each.getKey().partition())).offset() == each.getValue().offset());
        });
        return "exact";
    }

    /** The target's own group has what the checkpoints say. */
    private static String synced(Way way) throws Exception {
        for (String group : List.of(READER, LATE)) {
            await("offsets of " + group + " at the target", () -> {
                Map<TopicPartition, OffsetAndMetadata> own = committed(way.target, group, way.remote());
                Map<TopicPartition, OffsetAndMetadata> said = translate(way, group);
                return own.size() == PARTITIONS
                        && own.entrySet().stream().allMatch(each -> said.get(each.getKey()).offset() == each.getValue().offset());
            });
        }
        return "";
    }

    /** Connect's topics at the target, as Connect makes them, and MirrorMaker 2's. */
    private static String internalTopics(Way way) throws Exception {
        Map<String, Integer> partitions = new TreeMap<>(Map.of(
                "mm2-offsets." + way.sourceName + ".internal", 25, "mm2-status." + way.sourceName + ".internal", 5,
                "mm2-configs." + way.sourceName + ".internal", 1, way.sourceName + ".checkpoints.internal", 1,
                "mm2-offset-syncs." + way.sourceName + ".internal", 1, "heartbeats", 1));
        try (Admin admin = admin(way.target)) {
            var found = admin.describeTopics(partitions.keySet()).allTopicNames().get();
            var resources = new ArrayList<ConfigResource>();
            for (String name : partitions.keySet()) {
                if (found.get(name).partitions().size() != partitions.get(name)) {
                    throw new IllegalStateException(found.get(name).toString());
                }
                resources.add(new ConfigResource(ConfigResource.Type.TOPIC, name));
            }
            admin.describeConfigs(resources).all().get().forEach((resource, config) -> {
                String policy = config.get("cleanup.policy").value();
                if (!policy.equals("compact")) {
                    throw new IllegalStateException(resource.name() + " has cleanup.policy=" + policy);
                }
            });
        }
        Map<Integer, List<String>> positions = all(way.target, "mm2-offsets." + way.sourceName + ".internal");
        if (positions.values().stream().allMatch(List::isEmpty)) {
            throw new IllegalStateException("no positions of Connect");
        }
        return "";
    }

    private static String heartbeats(Way way) throws Exception {
        Map<String, Object> target = Map.of("bootstrap.servers", way.target);
        Set<String> upstream = RemoteClusterUtils.upstreamClusters(target);
        int hops = RemoteClusterUtils.replicationHops(target, way.sourceName);
        if (!upstream.contains(way.sourceName) || hops != 1) {
            throw new IllegalStateException("upstream " + upstream + ", hops " + hops);
        }
        return "";
    }

    private static Admin admin(String cluster) {
        return Admin.create(Map.of("bootstrap.servers", cluster));
    }

    private static KafkaConsumer<String, String> consumer(String cluster, String group) {
        Map<String, Object> settings = Map.of("bootstrap.servers", cluster, "group.id", group, "auto.offset.reset", "earliest",
                "enable.auto.commit", "false");
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    private static Map<TopicPartition, OffsetAndMetadata> committed(String cluster, String group, String topic)
            throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed = new TreeMap<>(PLACES);
        try (Admin admin = admin(cluster)) {
            committed.putAll(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get());
        }
        committed.keySet().removeIf(place -> !place.topic().equals(topic));
        return committed;
    }

    private static Map<TopicPartition, OffsetAndMetadata> translate(Way way, String group) throws Exception {
        return RemoteClusterUtils.translateOffsets(
                Map.of("bootstrap.servers", way.target), way.sourceName, group, Duration.ofSeconds(30));
    }

    private static Map<TopicPartition, Long> ends(String cluster, String topic) {
        try (var consumer = consumer(cluster, "ends")) {
            return consumer.endOffsets(places(consumer, topic));
        }
    }

    private static List<TopicPartition> places(KafkaConsumer<String, String> consumer, String topic) {
        var partitions = consumer.partitionsFor(topic);
        return partitions.stream().map(each -> new TopicPartition(topic, each.partition())).toList();
    }

    private static Map<Integer, List<String>> all(String cluster, String topic) {
        Map<Integer, List<String>> records = new TreeMap<>();
        try (var consumer = consumer(cluster, "all")) {
            Collection<TopicPartition> places = places(consumer, topic);
            places.forEach(place -> records.put(place.partition(), new ArrayList<>()));
            consumer.assign(places);
            consumer.seekToBeginning(places);
            Map<TopicPartition, Long> ends = consumer.endOffsets(places);
            long limit = System.nanoTime() + LIMIT.toNanos();
            while (places.stream().anyMatch(place -> consumer.position(place) < ends.get(place))) {
                if (System.nanoTime() > limit) {
                    throw new IllegalStateException(topic + " is not read within " + LIMIT);
                }
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
                    records.get(record.partition()).add(text(record));
                }
            }
        }
        return records;
    }

    private static String text(ConsumerRecord<String, String> record) {
        StringBuilder text = new StringBuilder(record.timestamp() + " " + record.key() + "=" + record.value());
        record.headers().forEach(header -> text.append(' ').append(header.key()).append(new String(header.value())));
        return text.toString();
    }

    private static void await(String what, Callable<Boolean> state) throws Exception {
        long limit = System.nanoTime() + LIMIT.toNanos();
        Exception last = null;
        while (System.nanoTime() < limit) {
            try {
                if (state.call()) {
                    return;
                }
            } catch (ExecutionException | RuntimeException error) {
                last = error;
            }
            TimeUnit.SECONDS.sleep(1);
        }
        throw new IllegalStateException("not within " + LIMIT + ": " + what, last);
    }

    private static void check(String name, Callable<String> check) {
        long began = System.nanoTime();
        String result = "pass";
        String reason;
        try {
            reason = check.call();
        } catch (Exception error) {
            error.printStackTrace();
            result = "fail";
            reason = error.toString().replaceAll("\\s+", " ");
        }
        System.out.printf("%s\t%s\t%.1f\t%s%n", result, name, (System.nanoTime() - began) / 1e9, reason);
    }
}
