// Writes what Kafka's own partitioner chooses, for the test beside this file:
//   javac -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" -d /tmp/partitions kafka/client/tests/partitioner/Partitions.java
//   java -cp "/tmp/partitions:$STRAIT_KAFKA_LIBS/libs-4.3.1/*" org.apache.kafka.clients.producer.internals.Partitions \
//     > kafka/client/tests/partitioner/partitions-4.3.1.tsv
// Lines: `hash KEY MURMUR2`, `key KEY PARTITIONS PARTITION`, and for one topic of the sticky partitioner: `topic
// BATCH_SIZE PARTITIONS`, `load SIZES LENGTH`, `append BYTES MAY_SWITCH RANDOM PARTITION NEXT_PARTITION`.
package org.apache.kafka.clients.producer.internals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Utils;

public class Partitions {
    static int drawn;

    public static void main(String[] arguments) {
        Random random = new Random(7);
        for (int length = 0; length < 40; length++) {
            byte[] key = new byte[length];
            random.nextBytes(key);
            String hex = HexFormat.of().formatHex(key);
            System.out.println("hash\t" + hex + "\t" + Utils.murmur2(key));
            for (int partitions : new int[] {1, 2, 3, 12, 1000})
                System.out.println("key\t" + hex + "\t" + partitions + "\t" + BuiltInPartitioner.partitionForKey(key, partitions));
        }
        for (int topic = 0; topic < 30; topic++) topic(random);
    }

    static void topic(Random random) {
        int batchSize = 1 + random.nextInt(200), partitions = 1 + random.nextInt(5);
        System.out.println("topic\t" + batchSize + "\t" + partitions);
        Node node = new Node(0, "localhost", 9092);
        List<PartitionInfo> infos = new ArrayList<>();
        for (int id = 0; id < partitions; id++)
            infos.add(new PartitionInfo("t", id, node, new Node[] {node}, new Node[] {node}));
        Cluster cluster = new Cluster("c", List.of(node), infos, Set.of(), Set.of());
        BuiltInPartitioner partitioner = new BuiltInPartitioner(new LogContext(), "t", batchSize) {
            @Override int randomPartition() { return Utils.toPositive(drawn); }
        };
        for (int step = 0; step < 40; step++) {
            if (random.nextInt(6) == 0) load(random, partitioner, partitions);
            drawn = random.nextInt();
            BuiltInPartitioner.StickyPartitionInfo current = partitioner.peekCurrentPartitionInfo(cluster);
            int bytes = random.nextInt(150);
            boolean maySwitch = random.nextBoolean();
            System.out.print("append\t" + bytes + "\t" + maySwitch + "\t" + drawn + "\t" + current.partition());
            partitioner.updatePartitionInfo(current, bytes, cluster, maySwitch);
            System.out.println("\t" + partitioner.peekCurrentPartitionInfo(cluster).partition());
        }
    }

    static void load(Random random, BuiltInPartitioner partitioner, int partitions) {
        int[] sizes = random.ints(partitions, 0, 4).toArray();
        int[] ids = IntStream.range(0, partitions).toArray();
        int length = random.nextInt(3) == 0 ? random.nextInt(partitions + 1) : partitions;
        System.out.println("load\t" + joined(sizes) + "\t" + length);
        partitioner.updatePartitionLoadStats(Arrays.copyOf(sizes, partitions), ids, length);
    }

    static String joined(int[] numbers) {
        return Arrays.stream(numbers).mapToObj(String::valueOf).collect(Collectors.joining(","));
    }
}
