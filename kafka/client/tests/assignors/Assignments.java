// Writes how Kafka's own assignors share partitions out, for the test of src/consumer/assignor:
//   java -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" kafka/client/tests/assignors/Assignments.java > kafka/client/tests/assignors/assignments-4.3.1.tsv
// Lines: `topic NAME PARTITIONS`, `member ID INSTANCE TOPICS`, then for each assignor `ASSIGNOR ID TOPIC-PARTITION,..`.
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;

public class Assignments {
    public static void main(String[] arguments) {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            System.out.println("round");
            Node node = new Node(0, "localhost", 9092);
            List<PartitionInfo> partitions = new ArrayList<>();
            List<String> topics = new ArrayList<>();
            for (int topic = 0; topic <= random.nextInt(4); topic++) {
                String name = "t" + topic;
                topics.add(name);
                int count = 1 + random.nextInt(7);
                System.out.println("topic\t" + name + "\t" + count);
                for (int id = 0; id < count; id++)
                    partitions.add(new PartitionInfo(name, id, node, new Node[] {node}, new Node[] {node}));
            }
            Map<String, Subscription> members = new HashMap<>();
            for (int member = 0; member <= random.nextInt(6); member++) {
                Set<String> wanted = new TreeSet<>(topics);
                if (random.nextInt(3) == 0) wanted.removeIf(topic -> random.nextBoolean());
                if (random.nextInt(10) == 0) wanted.add("missing");
                String id = "m" + random.nextInt(100) + "-" + member;
                Subscription subscription = new Subscription(new ArrayList<>(wanted));
                Optional<String> instance = random.nextInt(3) == 0 ? Optional.of("i" + random.nextInt(100) + "-" + member) : Optional.empty();
                subscription.setGroupInstanceId(instance);
                members.put(id, subscription);
                System.out.println("member\t" + id + "\t" + instance.orElse("") + "\t" + String.join(",", wanted));
            }
            Cluster cluster = new Cluster("c", List.of(node), partitions, Set.of(), Set.of());
            for (ConsumerPartitionAssignor assignor : List.of(new RangeAssignor(), new RoundRobinAssignor()))
                new TreeMap<>(assignor.assign(cluster, new GroupSubscription(members)).groupAssignment()).forEach((id, given) ->
                    System.out.println(assignor.name() + "\t" + id + "\t" + given.partitions().stream()
                        .map(Object::toString).sorted().collect(Collectors.joining(","))));
        }
    }
}
