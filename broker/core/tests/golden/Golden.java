// Writes records of the internal topics with Kafka's own classes, as golden bytes for internal_records.rs:
//   java -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" broker/core/tests/golden/Golden.java > broker/core/tests/golden/records-4.3.1.txt
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.coordinator.common.runtime.CoordinatorMetadataImage;
import org.apache.kafka.coordinator.group.Utils;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupCurrentMemberAssignmentValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMemberMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupPartitionMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupPartitionMetadataValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupRegularExpressionValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMemberValue;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataKey;
import org.apache.kafka.coordinator.group.generated.ConsumerGroupTargetAssignmentMetadataValue;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKey;
import org.apache.kafka.coordinator.group.generated.GroupMetadataValue;
import org.apache.kafka.coordinator.group.generated.OffsetCommitKey;
import org.apache.kafka.coordinator.group.generated.OffsetCommitValue;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogKey;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogValue;

public class Golden {
    static void print(String name, int prefix, int version, ApiMessage message) {
        ByteBuffer plain = MessageUtil.toVersionPrefixedByteBuffer((short) version, message);
        plain.putShort(0, (short) prefix);
        byte[] bytes = new byte[plain.remaining()];
        plain.get(bytes);
        System.out.println(name + " " + HexFormat.of().formatHex(bytes));
    }

    public static void main(String[] arguments) {
        print("offset-key", 1, 0, new OffsetCommitKey().setGroup("g").setTopic("orders").setPartition(3));
        print("offset-value", 4, 4, offset().setTopicId(new Uuid(1, 2)));
        print("offset-value-without-id", 4, 4, offset());
        print("offset-value-with-expiry", 1, 1, offset().setLeaderEpoch(-1).setExpireTimestamp(1_700_000_001_000L));
        print("group-key", 2, 0, new GroupMetadataKey().setGroup("g"));
        print("group-value", 3, 3, new GroupMetadataValue()
            .setProtocolType("consumer").setGeneration(4).setProtocol("range").setLeader("m-1")
            .setCurrentStateTimestamp(1_700_000_000_000L)
            .setMembers(List.of(new GroupMetadataValue.MemberMetadata()
                .setMemberId("m-1").setGroupInstanceId("i").setClientId("c").setClientHost("/127.0.0.1")
                .setRebalanceTimeout(60_000).setSessionTimeout(10_000)
                .setSubscription(new byte[] {1, 2}).setAssignment(new byte[] {3}))));
        print("group-value-empty", 3, 3, new GroupMetadataValue()
            .setProtocolType("").setGeneration(0).setProtocol(null).setLeader(null)
            .setCurrentStateTimestamp(1_700_000_000_000L).setMembers(List.of()));
        print("transaction-key", 0, 0, new TransactionLogKey().setTransactionalId("tx"));
        print("transaction-value", 1, 1, new TransactionLogValue()
            .setProducerId(101).setPreviousProducerId(100).setNextProducerId(102).setProducerEpoch((short) 7)
            .setTransactionTimeoutMs(60_000).setTransactionStatus((byte) 2)
            .setTransactionPartitions(List.of(new TransactionLogValue.PartitionsSchema()
                .setTopic("orders").setPartitionIds(List.of(0, 3))))
            .setTransactionLastUpdateTimestampMs(1_700_000_000_000L)
            .setTransactionStartTimestampMs(1_699_999_999_000L).setClientTransactionVersion((short) 2));
        print("transaction-value-empty", 1, 1, new TransactionLogValue()
            .setProducerId(101).setProducerEpoch((short) 0).setTransactionTimeoutMs(60_000)
            .setTransactionPartitions(null).setTransactionLastUpdateTimestampMs(5).setTransactionStartTimestampMs(-1));
        consumerGroups();
        for (String id : List.of("", "a", "console-consumer-1", "polygenelubricants", "größe", "😀"))
            System.out.println("hash-" + id + " " + id.hashCode());
    }

    static OffsetCommitValue offset() {
        return new OffsetCommitValue().setOffset(42).setLeaderEpoch(5).setMetadata("m")
            .setCommitTimestamp(1_700_000_000_000L);
    }

    static void consumerGroups() {
        Uuid topic = new Uuid(1, 2);
        print("consumer-epoch-key", 3, 0, new ConsumerGroupMetadataKey().setGroupId("g"));
        print("consumer-epoch-value", 0, 0, new ConsumerGroupMetadataValue().setEpoch(7).setMetadataHash(-5));
        print("consumer-topics-key", 4, 0, new ConsumerGroupPartitionMetadataKey().setGroupId("g"));
        print("consumer-topics-value", 0, 0, new ConsumerGroupPartitionMetadataValue()
            .setTopics(List.of(new ConsumerGroupPartitionMetadataValue.TopicMetadata()
                .setTopicId(topic).setTopicName("orders").setNumPartitions(3))));
        print("consumer-member-key", 5, 0, new ConsumerGroupMemberMetadataKey().setGroupId("g").setMemberId("m-1"));
        print("consumer-member-value", 0, 0, new ConsumerGroupMemberMetadataValue()
            .setInstanceId("i").setRackId("r").setClientId("c").setClientHost("/127.0.0.1")
            .setSubscribedTopicNames(List.of("orders")).setSubscribedTopicRegex("o.*").setRebalanceTimeoutMs(60_000)
            .setServerAssignor("range").setClassicMemberMetadata(
                new ConsumerGroupMemberMetadataValue.ClassicMemberMetadata().setSessionTimeoutMs(10_000)
                    .setSupportedProtocols(List.of(new ConsumerGroupMemberMetadataValue.ClassicProtocol()
                        .setName("range").setMetadata(new byte[] {1, 2})))));
        print("consumer-member-value-plain", 0, 0, new ConsumerGroupMemberMetadataValue()
            .setInstanceId(null).setRackId(null).setClientId("c").setClientHost("/127.0.0.1")
            .setSubscribedTopicNames(List.of()).setSubscribedTopicRegex(null).setServerAssignor(null));
        print("consumer-target-epoch-key", 6, 0, new ConsumerGroupTargetAssignmentMetadataKey().setGroupId("g"));
        print("consumer-target-epoch-value", 0, 0, new ConsumerGroupTargetAssignmentMetadataValue()
            .setAssignmentEpoch(7).setAssignmentTimestamp(1_700_000_000_000L));
        print("consumer-target-key", 7, 0, new ConsumerGroupTargetAssignmentMemberKey().setGroupId("g").setMemberId("m-1"));
        print("consumer-target-value", 0, 0, new ConsumerGroupTargetAssignmentMemberValue()
            .setTopicPartitions(List.of(new ConsumerGroupTargetAssignmentMemberValue.TopicPartition()
                .setTopicId(topic).setPartitions(List.of(0, 3)))));
        print("consumer-current-key", 8, 0, new ConsumerGroupCurrentMemberAssignmentKey().setGroupId("g").setMemberId("m-1"));
        print("consumer-current-value", 0, 0, new ConsumerGroupCurrentMemberAssignmentValue()
            .setMemberEpoch(7).setPreviousMemberEpoch(6).setState((byte) 2)
            .setAssignedPartitions(List.of(new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions()
                .setTopicId(topic).setPartitions(List.of(0, 3)).setAssignmentEpochs(List.of(5, 7))))
            .setPartitionsPendingRevocation(List.of(new ConsumerGroupCurrentMemberAssignmentValue.TopicPartitions()
                .setTopicId(topic).setPartitions(List.of(1)))));
        print("consumer-regex-key", 16, 0, new ConsumerGroupRegularExpressionKey().setGroupId("g").setRegularExpression("o.*"));
        print("consumer-regex-value", 0, 0, new ConsumerGroupRegularExpressionValue()
            .setTopics(List.of("orders")).setVersion(9).setTimestamp(1_700_000_000_000L));
        long orders = Utils.computeTopicHash("orders", image("orders", topic, 3));
        long sizes = Utils.computeTopicHash("größe", image("größe", new Uuid(-3, 4), 40));
        System.out.println("topics-none " + Utils.computeGroupHash(Map.of()));
        System.out.println("topics-orders " + Utils.computeGroupHash(Map.of("orders", orders)));
        System.out.println("topics-both " + Utils.computeGroupHash(Map.of("größe", sizes, "orders", orders)));
    }

    /** A cluster of one topic whose replicas have no racks. */
    static CoordinatorMetadataImage image(String name, Uuid id, int partitions) {
        Object topic = proxy(CoordinatorMetadataImage.TopicMetadata.class, Map.of(
            "name", name, "id", id, "partitionCount", partitions, "partitionRacks", new java.util.ArrayList<String>()));
        return (CoordinatorMetadataImage) proxy(CoordinatorMetadataImage.class, Map.of("topicMetadata", Optional.of(topic)));
    }

    static Object proxy(Class<?> type, Map<String, Object> answers) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
            (self, method, arguments) -> answers.get(method.getName()));
    }
}
