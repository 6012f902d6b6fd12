// Writes what Kafka's own clients take and refuse as settings, for the table tests beside this file:
//   java -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" kafka/client/tests/settings/Settings.java > kafka/client/tests/settings/settings-4.3.1.tsv
// Lines: `default CLIENT KEY VALUE` and `case CLIENT KEY=VALUE[;KEY=VALUE] ANSWER`, separated by tabs.
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Settings {
    static final List<String> PRODUCER = List.of("acks", "batch.size", "buffer.memory", "compression.type",
        "delivery.timeout.ms", "enable.idempotence", "linger.ms", "max.block.ms",
        "max.in.flight.requests.per.connection", "max.request.size", "metadata.max.age.ms",
        "partitioner.adaptive.partitioning.enable", "partitioner.availability.timeout.ms", "partitioner.ignore.keys",
        "request.timeout.ms", "retries", "retry.backoff.max.ms", "retry.backoff.ms", "transaction.timeout.ms",
        "transactional.id");
    static final List<String> CONSUMER = List.of("allow.auto.create.topics", "auto.commit.interval.ms",
        "auto.offset.reset", "check.crcs", "default.api.timeout.ms", "enable.auto.commit", "exclude.internal.topics",
        "fetch.max.bytes", "fetch.max.wait.ms", "fetch.min.bytes", "group.id", "group.instance.id", "group.protocol",
        "heartbeat.interval.ms", "isolation.level", "max.partition.fetch.bytes", "max.poll.interval.ms",
        "max.poll.records", "metadata.max.age.ms", "partition.assignment.strategy", "request.timeout.ms",
        "retry.backoff.max.ms", "retry.backoff.ms", "session.timeout.ms");
    static final String IDEMPOTENCE = "enable.idempotence=true";

    public static void main(String[] arguments) {
        defaults("producer", ProducerConfig.configDef(), PRODUCER);
        defaults("consumer", ConsumerConfig.configDef(), CONSUMER);
        values("producer", ProducerConfig.configDef(), PRODUCER);
        values("consumer", ConsumerConfig.configDef(), CONSUMER);
        for (String first : List.of("", IDEMPOTENCE + ";", "enable.idempotence=false;"))
            for (String second : List.of("acks=1", "acks=0", "acks=-1", "acks=all", "retries=0", "retries=1",
                "max.in.flight.requests.per.connection=5", "max.in.flight.requests.per.connection=6"))
                for (String third : List.of("", ";transactional.id=t")) test("producer", first + second + third);
        test("producer", "transactional.id=t;enable.idempotence=false");
        test("producer", "delivery.timeout.ms=30004");
        test("producer", "delivery.timeout.ms=30005");
        test("producer", "linger.ms=100000");
        test("producer", "request.timeout.ms=2000;delivery.timeout.ms=2000;linger.ms=1");
        test("consumer", "enable.auto.commit=true");
        test("consumer", "enable.auto.commit=false");
        test("consumer", "group.id=g;enable.auto.commit=true");
        for (String range : List.of("range", "roundrobin", "sticky", "cooperative-sticky"))
            test("consumer", "group.id=g;partition.assignment.strategy=" + className(range));
        test("consumer", "group.id=g;partition.assignment.strategy=org.example.Missing");
        test("consumer", "group.id=g;heartbeat.interval.ms=45000");
        test("consumer", "group.id=g;heartbeat.interval.ms=44999");
        test("consumer", "group.id=g;session.timeout.ms=3000");
        test("consumer", "group.id=g;group.protocol=consumer;session.timeout.ms=6000");
        test("consumer", "group.id=g;group.protocol=consumer;heartbeat.interval.ms=1000");
        test("consumer", "group.id=g;group.protocol=consumer;partition.assignment.strategy=" + className("range"));
        test("consumer", "group.instance.id=i");
        System.exit(0);
    }

    static String className(String name) {
        return "org.apache.kafka.clients.consumer." + switch (name) {
            case "range" -> "RangeAssignor";
            case "roundrobin" -> "RoundRobinAssignor";
            case "sticky" -> "StickyAssignor";
            default -> "CooperativeStickyAssignor";
        };
    }

    static void defaults(String client, ConfigDef definition, List<String> keys) {
        for (String key : keys) {
            ConfigDef.ConfigKey found = definition.configKeys().get(key);
            String value = ConfigDef.convertToString(found.defaultValue, found.type());
            if (found.type() == ConfigDef.Type.LIST) value = value.replace("class ", "");
            System.out.println("default\t" + client + "\t" + key + "\t" + value);
        }
    }

    /** Each key with values at the edges of its type and its range, and some that are neither. */
    static void values(String client, ConfigDef definition, List<String> keys) {
        for (String key : keys) {
            List<String> values = new ArrayList<>(switch (definition.configKeys().get(key).type()) {
                case INT, LONG -> List.of("0", "1", "-1", "-2", " 7 ", "1.5", "x", "", "2147483647", "2147483648",
                    "9223372036854775808");
                case BOOLEAN -> List.of("true", "FALSE", " true ", "yes", "1", "");
                default -> List.of("", "x");
            });
            if (key.equals("acks")) values.addAll(List.of("all", "-1", "0", "1", "2", "ALL"));
            if (key.equals("compression.type")) values.addAll(List.of("none", "gzip", "snappy", "lz4", "zstd", "GZIP"));
            if (key.equals("isolation.level")) values.addAll(List.of("read_committed", "read_uncommitted", "READ_COMMITTED"));
            if (key.equals("auto.offset.reset")) values.addAll(List.of("latest", "earliest", "none", "LATEST",
                "by_duration:PT1H", "by_duration:P1DT2H3M4.5S", "by_duration:-PT1H", "by_duration:", "by_duration", "by_duration:1h"));
            if (key.equals("group.protocol")) values.addAll(List.of("classic", "CLASSIC", "consumer"));
            if (key.equals("partition.assignment.strategy")) continue;
            for (String value : values) test(client, (client.equals("consumer") ? "group.id=g;" : "") + key + "=" + value);
        }
    }

    static void test(String client, String settings) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : settings.split(";")) {
            String[] parts = pair.split("=", 2);
            pairs.put(parts[0], parts[1]);
        }
        Properties properties = new Properties();
        properties.putAll(pairs);
        properties.put("bootstrap.servers", "127.0.0.1:1");
        String answer = "ok";
        try {
            open(client, properties).close();
        } catch (Throwable error) {
            Throwable cause = error;
            while (cause.getCause() != null && cause instanceof org.apache.kafka.common.KafkaException
                && cause.getClass() == org.apache.kafka.common.KafkaException.class) cause = cause.getCause();
            answer = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage().replace("\n", " ");
        }
        System.out.println("case\t" + client + "\t" + settings + "\t" + answer);
    }

    static AutoCloseable open(String client, Properties properties) {
        if (client.equals("producer")) {
            KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
            return () -> producer.close(java.time.Duration.ZERO);
        }
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        return () -> consumer.close(java.time.Duration.ZERO);
    }
}
