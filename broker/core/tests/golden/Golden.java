// Writes records of the internal topics with Kafka's own classes, as golden bytes for internal_records.rs:
//   java -cp "$STRAIT_KAFKA_LIBS/libs-4.3.1/*" broker/core/tests/golden/Golden.java > broker/core/tests/golden/records-4.3.1.txt
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.MessageUtil;
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
        for (String id : List.of("", "a", "console-consumer-1", "polygenelubricants", "größe", "😀"))
            System.out.println("hash-" + id + " " + id.hashCode());
    }

    static OffsetCommitValue offset() {
        return new OffsetCommitValue().setOffset(42).setLeaderEpoch(5).setMetadata("m")
            .setCommitTimestamp(1_700_000_000_000L);
    }
}
