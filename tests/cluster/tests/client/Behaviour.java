// Writes what settings of Kafka's own clients do, for the test beside this file. On a new Apache Kafka 4.3.1, which is killed at the end,
// and which advertises RELAY, a free port, for a listener that it has at BEHIND:
//   java -Dlog4j2.level=OFF -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" tests/cluster/tests/client/Behaviour.java ADDRESS PROCESS RELAY BEHIND \
//     > tests/cluster/tests/client/behaviour-4.3.1.tsv
// Lines: what was tried, and what was seen, separated by a tab.
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Behaviour {
    interface Tried {
        Object run() throws Exception;
    }

    static String address;
    static Admin admin;

    public static void main(String[] arguments) throws Exception {
        address = arguments[0];
        admin = Admin.create(Map.of("bootstrap.servers", address));
        producer();
        transactions();
        consumer();
        unanswered(Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        withoutBroker(arguments[1]);
        System.exit(0);
    }

    static void producer() throws Exception {
        topic("one", 1);
        topic("seven", 7);
        for (String settings : List.of("", "linger.ms=60000", "linger.ms=60000;batch.size=200", "linger.ms=60000;batch.size=0"))
            seen("five records with " + settings, () -> {
                try (KafkaProducer<byte[], byte[]> producer = open(settings)) {
                    List<Future<RecordMetadata>> sent = new ArrayList<>();
                    for (int number = 0; number < 5; number++) sent.add(producer.send(record("one", 0, 100)));
                    long gone = settled(sent);
                    producer.flush();
                    return gone + " go, " + (sent.stream().filter(Future::isDone).count() - gone) + " wait";
                }
            });
        for (String settings : List.of("enable.idempotence=true", "enable.idempotence=false", "acks=1", "acks=0")) {
            String topic = "with-" + settings.replace('=', '-');
            topic(topic, 1);
            seen("producers after a record with " + settings, () -> {
                try (KafkaProducer<byte[], byte[]> producer = open(settings)) {
                    String offset = producer.send(record(topic, 0, 10)).get().hasOffset() ? "an offset" : "no offset";
                    producer.flush();
                    return offset + ", " + producers(topic);
                }
            });
        }
        seen("a large record", () -> {
            try (KafkaProducer<byte[], byte[]> producer = open("")) {
                return producer.send(record("one", 0, 2_000_000)).get();
            }
        });
        for (String settings : List.of("retries=0", "retries=3;delivery.timeout.ms=6000;request.timeout.ms=5000")) {
            String topic = "lost-" + settings.charAt(8);
            topic(topic, 1);
            seen("a record for a topic that is gone, with " + settings, () -> {
                try (KafkaProducer<byte[], byte[]> producer = open(settings)) {
                    producer.send(record(topic, 0, 10)).get();
                    admin.deleteTopics(List.of(topic)).all().get();
                    Thread.sleep(1000);
                    return producer.send(record(topic, 0, 10)).get();
                }
            });
        }
        seen("partitions of keys", () -> {
            try (KafkaProducer<byte[], byte[]> producer = open("")) {
                List<Integer> partitions = new ArrayList<>();
                for (String key : List.of("", "a", "key", "another key"))
                    partitions.add(producer.send(new ProducerRecord<>("seven", key.getBytes(), new byte[1])).get().partition());
                return partitions;
            }
        });
        for (String settings : List.of("partitioner.ignore.keys=false", "partitioner.ignore.keys=true"))
            seen("partitions of keys together with " + settings, () -> {
                try (KafkaProducer<byte[], byte[]> producer = open("linger.ms=60000;" + settings)) {
                    List<Future<RecordMetadata>> sent = new ArrayList<>();
                    for (String key : List.of("", "a", "key", "another key"))
                        sent.add(producer.send(new ProducerRecord<>("seven", key.getBytes(), new byte[1])));
                    producer.flush();
                    Set<Integer> partitions = new java.util.HashSet<>();
                    for (Future<RecordMetadata> one : sent) partitions.add(one.get().partition());
                    return partitions.size();
                }
            });
    }

    static void transactions() throws Exception {
        seen("a transaction without an id", () -> {
            try (KafkaProducer<byte[], byte[]> producer = open("")) {
                producer.beginTransaction();
                return "begun";
            }
        });
        seen("a record before the first transaction", () -> {
            try (KafkaProducer<byte[], byte[]> producer = open("transactional.id=early")) {
                return producer.send(record("one", 0, 10)).get();
            }
        });
        seen("the end of no transaction", () -> {
            try (KafkaProducer<byte[], byte[]> producer = open("transactional.id=idle")) {
                producer.initTransactions();
                producer.commitTransaction();
                return "committed";
            }
        });
        seen("transaction.timeout.ms=1000000", () -> {
            try (KafkaProducer<byte[], byte[]> producer = open("transactional.id=long;transaction.timeout.ms=1000000")) {
                producer.initTransactions();
                return "begun";
            }
        });
        seen("the end of a transaction whose id another producer has", () -> {
            try (KafkaProducer<byte[], byte[]> first = open("transactional.id=same");
                KafkaProducer<byte[], byte[]> second = open("transactional.id=same")) {
                first.initTransactions();
                first.beginTransaction();
                first.send(record("one", 0, 10)).get();
                second.initTransactions();
                first.commitTransaction();
                return "committed";
            }
        });
    }

    static void consumer() throws Exception {
        topic("ten", 1);
        try (KafkaProducer<byte[], byte[]> producer = open("")) {
            for (int number = 0; number < 10; number++) producer.send(record("ten", 0, 10));
        }
        String group = "session.timeout.ms=10000;heartbeat.interval.ms=500;auto.offset.reset=earliest;group.id=";
        seen("a subscription without group.id", () -> {
            try (KafkaConsumer<byte[], byte[]> consumer = read("auto.offset.reset=earliest")) {
                return poll(consumer, 1);
            }
        });
        seen("session.timeout.ms=5000", () -> {
            try (KafkaConsumer<byte[], byte[]> consumer = read("group.id=short;session.timeout.ms=5000")) {
                return poll(consumer, 1);
            }
        });
        seen("auto.offset.reset=none", () -> {
            try (KafkaConsumer<byte[], byte[]> consumer = read("group.id=nowhere;auto.offset.reset=none")) {
                return poll(consumer, 1);
            }
        });
        seen("max.poll.records=3", () -> {
            try (KafkaConsumer<byte[], byte[]> consumer = read(group + "portions;max.poll.records=3")) {
                return poll(consumer, 1);
            }
        });
        for (String settings : List.of("enable.auto.commit=true;auto.commit.interval.ms=100", "enable.auto.commit=true", "enable.auto.commit=false")) {
            String id = "commits-" + settings.hashCode();
            seen("committed while polling with " + settings, () -> {
                try (KafkaConsumer<byte[], byte[]> consumer = read(group + id + ";" + settings)) {
                    poll(consumer, 10);
                    for (int times = 0; times < 10; times++) consumer.poll(Duration.ofMillis(100));
                    return committed(id);
                }
            });
            seen("committed after the end with " + settings, () -> committed(id));
        }
        seen("a second member with the same group.instance.id", () -> {
            try (KafkaConsumer<byte[], byte[]> first = read(group + "static;group.instance.id=i");
                KafkaConsumer<byte[], byte[]> second = read(group + "static;group.instance.id=i")) {
                poll(first, 10);
                second.subscribe(List.of("ten"));
                for (int times = 0; times < 50 && second.assignment().isEmpty(); times++) second.poll(Duration.ofMillis(100));
                for (int times = 0; times < 50; times++) first.poll(Duration.ofMillis(100));
                return "both";
            }
        });
        seen("members with other assignors", () -> {
            String assignor = ";partition.assignment.strategy=org.apache.kafka.clients.consumer.";
            try (KafkaConsumer<byte[], byte[]> first = read(group + "mixed" + assignor + "RangeAssignor");
                KafkaConsumer<byte[], byte[]> second = read(group + "mixed" + assignor + "CooperativeStickyAssignor")) {
                poll(first, 10);
                return poll(second, 1);
            }
        });
    }

    /** One record a request, before a relay that keeps requests to produce. */
    static void unanswered(int relay, int behind) throws Exception {
        topic("held", 1);
        AtomicInteger kept = new AtomicInteger();
        ServerSocket listener = new ServerSocket(relay, 50, InetAddress.getLoopbackAddress());
        daemon(() -> {
            while (true) {
                Socket client = listener.accept(), server = new Socket(InetAddress.getLoopbackAddress(), behind);
                daemon(() -> server.getInputStream().transferTo(client.getOutputStream()));
                daemon(() -> {
                    DataInputStream requests = new DataInputStream(client.getInputStream());
                    DataOutputStream out = new DataOutputStream(server.getOutputStream());
                    while (true) {
                        byte[] request = new byte[requests.readInt()];
                        requests.readFully(request);
                        if (request[0] == 0 && request[1] == 0) {
                            kept.incrementAndGet();
                        } else {
                            out.writeInt(request.length);
                            out.write(request);
                        }
                    }
                });
            }
        });
        String max = "max.in.flight.requests.per.connection=";
        for (String settings : List.of("", max + 1, max + 3, max + "7;enable.idempotence=false"))
            seen("requests without an answer with " + settings, () -> {
                int before = kept.get();
                KafkaProducer<byte[], byte[]> producer = open("linger.ms=0;batch.size=0;" + settings + ";bootstrap.servers=127.0.0.1:" + relay);
                for (int number = 0; number < 10; number++) producer.send(record("held", 0, 100));
                int now = -1;
                while (kept.get() != now) {
                    now = kept.get();
                    Thread.sleep(3000);
                }
                producer.close(Duration.ZERO);
                return now - before;
            });
    }

    interface Loop {
        void run() throws Exception;
    }

    static void daemon(Loop loop) {
        Thread thread = new Thread(() -> {
            try {
                loop.run();
            } catch (Exception error) {
                // A connection ended.
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    static void withoutBroker(String process) throws Exception {
        String fast = "linger.ms=0;request.timeout.ms=500;delivery.timeout.ms=1000;max.block.ms=300;";
        try (KafkaProducer<byte[], byte[]> late = open(fast); KafkaProducer<byte[], byte[]> full = open("linger.ms=60000;max.block.ms=300;batch.size=1000;buffer.memory=32768")) {
            late.send(record("one", 0, 10)).get();
            full.partitionsFor("one");
            new ProcessBuilder("kill", "-9", process).start().waitFor();
            seen("delivery.timeout.ms=1000 without a broker", () -> late.send(record("one", 0, 10)).get());
            seen("max.block.ms=300 without a broker", () -> late.send(record("missing", 0, 10)).get());
            for (int number = 1; number <= 4; number++)
                seen("record " + number + " in buffer.memory=32768", () -> {
                    Future<RecordMetadata> sent = full.send(record("one", 0, 10_000));
                    return sent.isDone() ? sent.get() : "taken";
                });
            late.close(Duration.ZERO);
            full.close(Duration.ZERO);
        }
        seen("a record of a new producer without a broker, with max.block.ms=300", () -> {
            try (KafkaProducer<byte[], byte[]> early = open("max.block.ms=300")) {
                return early.send(record("one", 0, 10)).get();
            }
        });
        seen("records for a new consumer without a broker", () -> {
            try (KafkaConsumer<byte[], byte[]> early = read("group.id=early")) {
                early.subscribe(List.of("ten"));
                return early.poll(Duration.ofMillis(300)).count();
            }
        });
    }

    static void seen(String tried, Tried run) {
        String seen;
        try {
            seen = String.valueOf(run.run());
        } catch (Exception error) {
            Throwable cause = error instanceof java.util.concurrent.ExecutionException ? error.getCause() : error;
            seen = cause.getClass().getSimpleName() + ": " + cause.getMessage();
        }
        System.out.println(tried + "\t" + seen.replace("\n", " "));
    }

    static KafkaProducer<byte[], byte[]> open(String settings) {
        return new KafkaProducer<>(properties(settings), new ByteArraySerializer(), new ByteArraySerializer());
    }

    static KafkaConsumer<byte[], byte[]> read(String settings) {
        KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties(settings), new ByteArrayDeserializer(), new ByteArrayDeserializer());
        return consumer;
    }

    /** Subscribes and polls until there are so many records; gives how many came with the last answer. */
    static int poll(KafkaConsumer<byte[], byte[]> consumer, int wanted) {
        consumer.subscribe(List.of("ten"));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        for (int came = 0; System.nanoTime() < deadline; ) {
            int count = consumer.poll(Duration.ofMillis(100)).count();
            came += count;
            if (came >= wanted) return count;
        }
        throw new IllegalStateException("too few records");
    }

    static Properties properties(String settings) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", address);
        for (String pair : settings.split(";")) if (!pair.isEmpty()) properties.put(pair.split("=", 2)[0], pair.split("=", 2)[1]);
        return properties;
    }

    static ProducerRecord<byte[], byte[]> record(String topic, int partition, int size) {
        return new ProducerRecord<>(topic, partition, null, new byte[size]);
    }

    static void topic(String name, int partitions) throws Exception {
        admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1))).all().get();
    }

    static String producers(String topic) throws Exception {
        TopicPartition partition = new TopicPartition(topic, 0);
        return admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers().size() + " producers";
    }

    static String committed(String group) throws Exception {
        var offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        var found = offsets.get(new TopicPartition("ten", 0));
        return found == null ? "nothing" : String.valueOf(found.offset());
    }

    /** How many are written when no more are, for a while. */
    static long settled(List<Future<RecordMetadata>> sent) throws InterruptedException {
        long before = -1, now = 0;
        while (now != before) {
            before = now;
            Thread.sleep(2000);
            now = sent.stream().filter(Future::isDone).count();
        }
        return now;
    }
}
