// Makes a real broker write what the golden tests read: segments of topics, and requests of the Java clients.
// Usage: java -cp 'LIBS/*' Capture.java BOOTSTRAP LEVEL. Level 0 is for a broker that writes formats 0 or 1, 1 for format 2,
// 2 for consumer groups of KIP-848 too.

import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.acl.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.resource.*;

public class Capture {
    static String bootstrap;
    static final long TIME = 1_700_000_000_000L;

    static Map<String, Object> common() {
        Map<String, Object> map = new HashMap<>();
        map.put("bootstrap.servers", bootstrap);
        map.put("client.id", "capture");
        return map;
    }

    static KafkaProducer<String, String> producer(String codec, Map<String, Object> more) {
        Map<String, Object> map = common();
        map.put("compression.type", codec);
        map.put("linger.ms", 500);
        map.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        map.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
        map.putAll(more);
        return new KafkaProducer<>(map);
    }

    static KafkaConsumer<String, String> consumer(String group, Map<String, Object> more) {
        Map<String, Object> map = common();
        map.put("group.id", group);
        map.put("auto.offset.reset", "earliest");
        map.put("enable.auto.commit", "false");
        map.put("key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        map.put("value.deserializer", "org.apache.kafka.common.serialization.StringDeserializer");
        map.putAll(more);
        return new KafkaConsumer<>(map);
    }

    static void attempt(KafkaFuture<?> future) throws Exception {
        try {
            future.get();
        } catch (ExecutionException error) {
            System.err.println("answered: " + error.getCause());
        }
    }

    static ProducerRecord<String, String> record(String topic, int index, boolean headers) {
        String key = index == 1 ? null : "key " + index;
        String value = index == 2 ? null : ("value " + index + " ").repeat(10);
        var record = new ProducerRecord<>(topic, 0, TIME + index, key, value);
        if (headers && index == 0) {
            record.headers().add(new RecordHeader("trace", new byte[] {1, 2}));
            record.headers().add(new RecordHeader("trace", new byte[] {3}));
            record.headers().add(new RecordHeader("empty", null));
        }
        return record;
    }

    static void codecs(Admin admin, boolean modern) throws Exception {
        List<String> codecs = new ArrayList<>(List.of("none", "gzip", "snappy", "lz4"));
        if (modern) codecs.add("zstd");
        for (String codec : codecs) {
            String topic = "codec-" + codec;
            attempt(admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all());
            try (var producer = producer(codec, Map.of("enable.idempotence", modern))) {
                for (int index = 0; index < 5; index++) producer.send(record(topic, index, modern));
            }
        }
    }

    static void appendTime(Admin admin, boolean modern) throws Exception {
        var topic = new NewTopic("append-time", 1, (short) 1).configs(Map.of("message.timestamp.type", "LogAppendTime"));
        attempt(admin.createTopics(List.of(topic)).all());
        try (var producer = producer("gzip", Map.of("enable.idempotence", modern))) {
            for (int index = 0; index < 3; index++) producer.send(record("append-time", index, false));
        }
    }

    static void compacted(Admin admin, boolean modern) throws Exception {
        var configs = Map.of("cleanup.policy", "compact", "segment.ms", "500", "min.cleanable.dirty.ratio", "0.001");
        attempt(admin.createTopics(List.of(new NewTopic("compacted", 1, (short) 1).configs(configs))).all());
        try (var producer = producer("gzip", Map.of("enable.idempotence", modern))) {
            for (String key : List.of("a", "b", "a", "c", "b", "d")) {
                producer.send(new ProducerRecord<>("compacted", 0, TIME, key, "of " + key));
            }
            producer.flush();
            Thread.sleep(1000);
            producer.send(new ProducerRecord<>("compacted", 0, TIME + 700, "last", "rolls the segment"));
        }
    }

    static void transactions(Admin admin, Consumer<String, String> consumer) throws Exception {
        attempt(admin.createTopics(List.of(new NewTopic("transactions", 1, (short) 1))).all());
        try (var producer = producer("none", Map.of("transactional.id", "payments", "linger.ms", 0))) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("transactions", 0, TIME, "a", "committed 1")).get();
            producer.send(new ProducerRecord<>("transactions", 0, TIME, "b", "committed 2"));
            producer.sendOffsetsToTransaction(
                Map.of(new TopicPartition("codec-none", 0), new OffsetAndMetadata(2, Optional.of(0), "note")),
                consumer.groupMetadata());
            producer.commitTransaction();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("transactions", 0, TIME, "c", "aborted 1 ".repeat(20)));
            producer.send(new ProducerRecord<>("transactions", 0, TIME, "d", "aborted 2 ".repeat(20)));
            producer.flush();
            attempt(admin.describeProducers(List.of(new TopicPartition("transactions", 0))).all());
            attempt(admin.describeTransactions(List.of("payments")).all());
            attempt(admin.listTransactions().all());
            producer.abortTransaction();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>("transactions", 0, TIME, "e", "committed 3"));
            producer.commitTransaction();
        }
    }

    static void consume(Consumer<String, String> consumer, String topic) {
        consumer.subscribe(List.of(topic));
        long end = System.currentTimeMillis() + 4_000;
        int records = 0;
        while (System.currentTimeMillis() < end) records += consumer.poll(Duration.ofMillis(200)).count();
        System.err.println(topic + ": " + records + " records");
        consumer.commitSync();
    }

    static void administer(Admin admin) throws Exception {
        var topic = new ConfigResource(ConfigResource.Type.TOPIC, "codec-gzip");
        var operation = new AlterConfigOp(new ConfigEntry("retention.ms", "-1"), AlterConfigOp.OpType.SET);
        attempt(admin.incrementalAlterConfigs(Map.of(topic, List.of(operation))).all());
        attempt(admin.describeConfigs(List.of(topic)).all());
        attempt(admin.createPartitions(Map.of("codec-gzip", NewPartitions.increaseTo(2))).all());
        attempt(admin.deleteRecords(Map.of(new TopicPartition("codec-lz4", 0), RecordsToDelete.beforeOffset(1))).all());
        attempt(admin.describeCluster().nodes());
        attempt(admin.describeTopics(List.of("codec-gzip", "missing")).allTopicNames());
        attempt(admin.listTopics().names());
        attempt(admin.listConsumerGroups().all());
        attempt(admin.describeConsumerGroups(List.of("classic")).all());
        attempt(admin.describeConsumerGroups(List.of("modern")).all());
        attempt(admin.listConsumerGroupOffsets("classic").partitionsToOffsetAndMetadata());
        attempt(admin.listOffsets(Map.of(new TopicPartition("codec-none", 0), OffsetSpec.maxTimestamp())).all());
        attempt(admin.describeClientQuotas(ClientQuotaFilter.all()).entities());
        var pattern = new ResourcePattern(ResourceType.TOPIC, "orders", PatternType.LITERAL);
        var entry = new AccessControlEntry("User:alice", "*", AclOperation.READ, AclPermissionType.ALLOW);
        attempt(admin.createAcls(List.of(new AclBinding(pattern, entry))).all());
        attempt(admin.describeAcls(AclBindingFilter.ANY).values());
        attempt(admin.deleteAcls(List.of(AclBindingFilter.ANY)).all());
    }

    static void remove(Admin admin) throws Exception {
        attempt(admin.deleteConsumerGroupOffsets("classic", Set.of(new TopicPartition("codec-none", 0))).all());
        attempt(admin.deleteConsumerGroups(List.of("classic")).all());
        attempt(admin.createTopics(List.of(new NewTopic("short-lived", 2, (short) 1))).all());
        attempt(admin.deleteTopics(List.of("short-lived")).all());
    }

    public static void main(String[] arguments) throws Exception {
        bootstrap = arguments[0];
        int level = Integer.parseInt(arguments[1]);
        boolean modern = level > 0;
        try (Admin admin = Admin.create(common())) {
            codecs(admin, modern);
            appendTime(admin, modern);
            compacted(admin, modern);
            try (var classic = consumer("classic", Map.of("group.instance.id", "first", "isolation.level", "read_committed"))) {
                consume(classic, "codec-none");
                if (modern) transactions(admin, classic);
            }
            String protocol = level > 1 ? "consumer" : "classic";
            try (var consumer = consumer("modern", level > 0 ? Map.of("group.protocol", protocol) : Map.of())) {
                consume(consumer, "codec-gzip");
                administer(admin);
            }
            if (modern) {
                try (var reader = consumer("reader", Map.of("isolation.level", "read_committed"))) {
                    consume(reader, "transactions");
                }
            }
            remove(admin);
        }
    }
}
